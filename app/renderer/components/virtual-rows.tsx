import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Virtualizer } from "virtua";
import { arrowIndex } from "./arrow-keys.ts";

/** A row far away is measured and shown within a few frames; after so many it is not there. */
const MAX_FRAMES = 30;

export interface VirtualRowsProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  /** What scrolls. */
  readonly scroller: RefObject<HTMLElement | null>;
  /** One row; its button has the class `row-main`. */
  readonly children: (item: T) => JSX.Element;
}

/** A list of which only the rows near the sight are drawn; arrow keys and screen readers know all. */
export function VirtualRows<T>(props: VirtualRowsProps<T>): JSX.Element {
  const { children, items, keyOf, scroller } = props;
  const list = useRef<HTMLDivElement>(null);
  /** Key of the row that has the keyboard, or is about to: it is drawn wherever it is. */
  const [current, setCurrent] = useState<string>();
  const at = current === undefined ? -1 : items.findIndex((item) => keyOf(item) === current);
  const stop = useRef<() => void>(undefined);
  useEffect(() => () => stop.current?.(), []);
  const take = (index: number): void => {
    const item = items[index];
    setCurrent(item === undefined ? undefined : keyOf(item));
  };
  return (
    <div
      ref={list}
      role="list"
      onFocusIn={({ target }) => {
        const row = target instanceof Element ? target.closest("[aria-posinset]") : null;
        if (row !== null) take(Number(row.ariaPosInSet) - 1);
      }}
      onKeyDown={(event) => {
        const { key, target } = event;
        if (!(target instanceof Element) || !target.matches(".row-main")) return;
        const next = arrowIndex(key, at, items.length);
        if (next === undefined) return;
        event.preventDefault();
        take(next);
        stop.current?.();
        stop.current = focusSoon(() =>
          list.current?.querySelector<HTMLElement>(`[aria-posinset="${next + 1}"] .row-main`),
        );
      }}
    >
      <Virtualizer data={items} scrollRef={scroller} keepMounted={at < 0 ? [] : [at]}>
        {(item, index) => (
          <div
            key={keyOf(item)}
            class="virtual-row"
            role="listitem"
            aria-setsize={items.length}
            aria-posinset={index + 1}
          >
            {children(item)}
          </div>
        )}
      </Virtualizer>
    </div>
  );
}

/** @returns ends the waiting for it */
function focusSoon(find: () => HTMLElement | null | undefined): () => void {
  let frames = 0;
  let frame = requestAnimationFrame(function look() {
    const element = find();
    // Before it was measured it is hidden, and takes no focus.
    element?.focus();
    frames += 1;
    if (document.activeElement !== element && frames < MAX_FRAMES) {
      frame = requestAnimationFrame(look);
    }
  });
  return () => cancelAnimationFrame(frame);
}
