import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "../components/button.tsx";
import { useText } from "../components/context.tsx";

/** The panel beside a conversation. It has the focus while it is there; Escape closes it. */
export function DetailsPanel(props: {
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { children, onClose } = props;
  const { t } = useText();
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    return () => {
      // On a narrow window what had the focus is hidden until the panel is gone.
      requestAnimationFrame(() => {
        const nowhere = document.activeElement === null || document.activeElement === document.body;
        if (nowhere && before instanceof HTMLElement && before.isConnected) before.focus();
      });
    };
  }, []);
  return (
    <section
      ref={panel}
      tabIndex={-1}
      class="details"
      aria-label={t.details.title}
      onKeyDown={(event) => {
        // An Escape that closes a question or a menu asked for from here is theirs alone.
        const asked =
          event.target instanceof Element && event.target.closest("dialog, [popover]") !== null;
        if (event.key === "Escape" && !asked) onClose();
      }}
    >
      <header class="details-head">
        <h2>{t.details.title}</h2>
        <IconButton icon="close" label={t.common.close} onClick={onClose} />
      </header>
      {children}
    </section>
  );
}
