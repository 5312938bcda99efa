import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface PopoverProps {
  /** Gets the focus back. */
  readonly anchor: HTMLElement | null;
  /** Where it opens instead of at the anchor: a press of the pointer, CSS pixels. */
  readonly at?: { readonly x: number; readonly y: number } | undefined;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

const MARGIN = 8;

/** A small window below (or above) a control; a press outside or Escape closes it. */
export function Popover({
  anchor,
  at: point,
  label,
  onClose,
  children,
}: PopoverProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null || anchor === null) return undefined;
    element.showPopover();
    const at =
      point === undefined
        ? anchor.getBoundingClientRect()
        : { left: point.x, top: point.y, bottom: point.y - MARGIN };
    const { width, height } = element.getBoundingClientRect();
    const below = at.bottom + MARGIN + height <= innerHeight;
    element.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - width - MARGIN))}px`;
    element.style.top = `${Math.max(MARGIN, below ? at.bottom + MARGIN : at.top - height - MARGIN)}px`;
    element.querySelector<HTMLElement>("[data-first], input:checked, button")?.focus();
    return () => {
      const { activeElement } = document;
      // With the window the focus may be gone already.
      const isHere = activeElement === document.body || element.contains(activeElement);
      if (anchor.isConnected && isHere) anchor.focus();
    };
  }, [anchor]);
  return (
    <div
      ref={box}
      popover="auto"
      role="dialog"
      aria-label={label}
      class="popover"
      onToggle={(event) => {
        if (event.newState === "closed") onClose();
      }}
    >
      {children}
    </div>
  );
}
