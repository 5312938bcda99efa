import type { MessageId } from "../../../shared/protocol/index.ts";

/** A row far away is drawn within a few frames; after so many it is not there. */
const MAX_FRAMES = 30;
const FLASH_MS = 1_600;

/**
 * The message that somebody went to lights up, and the keyboard goes there, unless they are writing.
 * @returns ends the waiting for it
 */
export function bringOut(list: HTMLElement, id: MessageId): () => void {
  let frames = 0;
  let frame = requestAnimationFrame(function look() {
    const row = list.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
    frames += 1;
    if (row === null) {
      if (frames < MAX_FRAMES) frame = requestAnimationFrame(look);
      return;
    }
    row.animate([{ backgroundColor: "var(--honey-line)" }, { backgroundColor: "transparent" }], {
      duration: FLASH_MS,
      easing: "ease-in",
    });
    if (document.activeElement?.matches("input, textarea") !== true) {
      row.querySelector<HTMLElement>(".message-mark")?.focus({ preventScroll: true });
    }
  });
  return () => cancelAnimationFrame(frame);
}
