import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useApp, useText } from "./context.tsx";
import { Icon } from "./icons.tsx";

/** In the top layer: a failure inside a dialog must be seen above it. */
export function ToastList(): JSX.Element {
  const { toasts } = useApp();
  const { t } = useText();
  const box = useRef<HTMLDivElement>(null);
  const list = toasts.list.value;
  useEffect(() => {
    const element = box.current;
    if (element?.matches(":popover-open")) element.hidePopover();
    if (list.length > 0) element?.showPopover();
  }, [list]);
  return (
    <div ref={box} popover="manual" class="toasts" role="status" aria-live="polite">
      {list.map((toast) => (
        <div key={toast.id} class={`toast toast-${toast.kind}`} data-testid="toast">
          <Icon
            name={toast.kind === "error" ? "alert" : toast.kind === "success" ? "check" : "info"}
          />
          <span>{toast.text}</span>
          <button
            type="button"
            class="toast-close"
            aria-label={t.common.dismiss}
            onClick={() => toasts.dismiss(toast.id)}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
