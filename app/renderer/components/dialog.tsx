import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Button, IconButton } from "./button.tsx";
import { useApp, useText } from "./context.tsx";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly size?: "small" | "large";
  readonly children: ComponentChildren;
}

/** A modal dialog: the browser's own, with its focus trap, Escape and return of the focus. */
export function Dialog({ title, onClose, size = "small", children }: DialogProps): JSX.Element {
  const { t } = useText();
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog dialog-${size}`}
      aria-labelledby={titleId}
      onClose={onClose}
      onMouseDown={(event) => {
        // A press on the backdrop arrives at the dialog itself.
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div class="dialog-frame">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <IconButton
            icon="close"
            label={t.common.close}
            onClick={() => element.current?.close()}
          />
        </header>
        {children}
      </div>
      <ToastWords />
    </dialog>
  );
}

/** All outside a modal dialog is silent for screen readers, the toasts too: here they are said. */
function ToastWords(): JSX.Element {
  const { toasts } = useApp();
  return (
    <div class="visually-hidden" role="status">
      {toasts.list.value.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}

export interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

/** Asks before something that cannot be undone. */
export function Confirm(props: ConfirmProps): JSX.Element {
  const { t } = useText();
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <div class="dialog-body">
        <p class="dialog-text">{props.text}</p>
        {props.children}
      </div>
      <footer class="dialog-foot">
        <Button onClick={props.onClose}>{t.common.cancel}</Button>
        <Button
          kind="danger"
          onClick={() => {
            props.onConfirm();
            props.onClose();
          }}
        >
          {props.action}
        </Button>
      </footer>
    </Dialog>
  );
}
