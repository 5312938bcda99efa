import { cloneElement, type HTMLAttributes, type JSX, type VNode } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

const DELAY_MS = 350;
const MARGIN = 8;

export interface TooltipProps {
  readonly text: string;
  /** The text is the control's name already: not repeated as its description. */
  readonly asLabel?: boolean;
  readonly children: VNode<HTMLAttributes<HTMLElement>>;
}

/** Words for a small sign: on hover after a moment, on keyboard focus at once; Escape hides it. */
export function Tooltip({ text, asLabel = false, children }: TooltipProps): JSX.Element {
  const id = useId();
  const anchor = useRef<HTMLElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [open, setOpen] = useState(false);

  const show = (event: Event, delay: number): void => {
    if (event.currentTarget instanceof HTMLElement) anchor.current = event.currentTarget;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOpen(true), delay);
  };
  const hide = (): void => {
    clearTimeout(timer.current);
    setOpen(false);
  };
  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <>
      {cloneElement(children, {
        ...(asLabel ? {} : { "aria-describedby": id }),
        onMouseEnter: (event: Event) => show(event, DELAY_MS),
        onMouseLeave: hide,
        onFocusIn: (event: Event) => {
          if (event.target instanceof Element && event.target.matches(":focus-visible")) {
            show(event, 0);
          }
        },
        onFocusOut: hide,
        onKeyDown: (event: KeyboardEvent) => {
          if (event.key === "Escape" && open) hide();
        },
      })}
      {!asLabel && (
        <span id={id} hidden>
          {text}
        </span>
      )}
      {open && <TooltipBox anchor={anchor.current} text={text} />}
    </>
  );
}

/** In the top layer, so that no edge cuts it and it shows above dialogs. */
function TooltipBox({ anchor, text }: { anchor: HTMLElement | null; text: string }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || anchor === null) return;
    element.showPopover();
    const at = anchor.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    const above = at.top - height - MARGIN >= 0;
    const left = at.left + at.width / 2 - width / 2;
    element.style.left = `${Math.min(Math.max(MARGIN, left), innerWidth - width - MARGIN)}px`;
    element.style.top = `${above ? at.top - height - MARGIN : at.bottom + MARGIN}px`;
  }, [anchor, text]);
  return (
    <div ref={box} popover="manual" role="tooltip" class="tooltip">
      {text}
    </div>
  );
}
