/** Arrow keys, Home and End move the focus among the rows that match, in the order of the page. */
export function moveWithArrows(event: KeyboardEvent, selector: string): void {
  const { currentTarget, target, key } = event;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  const rows = [...currentTarget.querySelectorAll<HTMLElement>(selector)];
  const at = rows.indexOf(target);
  const next =
    key === "ArrowDown"
      ? rows[at + 1]
      : key === "ArrowUp"
        ? rows[at - 1]
        : key === "Home"
          ? rows[0]
          : key === "End"
            ? rows.at(-1)
            : undefined;
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
