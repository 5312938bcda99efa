import type { Bounds } from "./settings.ts";

export const MIN_WIDTH = 360;
export const MIN_HEIGHT = 480;
const DEFAULT_WIDTH = 1080;
const DEFAULT_HEIGHT = 740;

/**
 * Where to open the window: where it was, if that is still on a screen; else at its size in the
 * middle of the first screen, never larger than it.
 * @param areas the screens' work areas, the primary one first; at least one
 */
export function placeWindow(saved: Bounds | undefined, areas: readonly Bounds[]): Bounds {
  const [primary] = areas;
  const width = Math.max(MIN_WIDTH, saved?.width ?? DEFAULT_WIDTH);
  const height = Math.max(MIN_HEIGHT, saved?.height ?? DEFAULT_HEIGHT);
  if (primary === undefined) return { x: 0, y: 0, width, height };
  if (saved !== undefined) {
    const home = areas.find((area) => holdsTitle({ ...saved, width }, area));
    if (home !== undefined) {
      return {
        x: saved.x,
        y: saved.y,
        width: Math.min(width, home.width),
        height: Math.min(height, home.height),
      };
    }
  }
  const size = { width: Math.min(width, primary.width), height: Math.min(height, primary.height) };
  return {
    x: primary.x + Math.floor((primary.width - size.width) / 2),
    y: primary.y + Math.floor((primary.height - size.height) / 2),
    ...size,
  };
}

/** Whether enough of the title bar is on this screen to take hold of the window. */
function holdsTitle(window: Bounds, area: Bounds): boolean {
  const grip = 100;
  const overlap =
    Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x);
  const top = window.y >= area.y && window.y < area.y + area.height - grip / 2;
  return overlap >= grip && top;
}
