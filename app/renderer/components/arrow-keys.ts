/**
 * Arrow keys, Home and End move the focus among the rows that match, in the order of the page; unless a
 * list among them has done so.
 */
export function moveWithArrows(event: KeyboardEvent, selector: string): void {
  const { currentTarget, target, key } = event;
  if (event.defaultPrevented) return;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  const rows = [...currentTarget.querySelectorAll<HTMLElement>(selector)];
  const index = arrowIndex(key, rows.indexOf(target), rows.length);
  const next = index === undefined ? undefined : rows[index];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** Where a key leads from a row; undefined where it leads nowhere. @param at -1 on none of them */
export function arrowIndex(key: string, at: number, length: number): number | undefined {
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: length - 1 }[key];
  return at >= 0 && next !== undefined && next >= 0 && next < length ? next : undefined;
}
