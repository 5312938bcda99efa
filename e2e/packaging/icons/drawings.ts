/** What is drawn, for every place that shows the program's icon, from the one source. */
import { readFileSync } from "node:fs";

const SOURCE = new URL("../../../app/renderer/public/icon.svg", import.meta.url);

/** Where dots of a trail would only be dirt. */
const MAX_SMALL_SIZE = 24;

const NO_TRAIL = ".trail { display: none }";
/** macOS colours templates itself: shape alone, the bee cut out of the comb. */
const CUT_OUT = [
  ".comb { fill: #fff }",
  ".wing, .body { fill: #000; fill-opacity: 1 }",
  ".stripe { stroke: #fff }",
].join(" ");

/** The dot that says "unread", in units of the source's 48 by 48. */
const DOT = { x: 37, y: 11, radius: 9.5, gap: 3 } as const;
const DOT_COLOUR = "#e5342b";

export interface Drawing {
  /** SVG text, square, without a size of its own. */
  readonly svg: string;
  /** Edge in pixels. */
  readonly size: number;
}

/** The program itself, edge to edge. */
export function appDrawing(size: number): Drawing {
  return { svg: square("0 0 48 48", simplified(size) + inner()), size };
}

/** With the margin that macOS expects around icons of its dock. */
export function macDrawing(size: number): Drawing {
  return { svg: square("-5.2 -5.2 58.4 58.4", simplified(size) + inner()), size };
}

export function trayDrawing(size: number, unread: boolean): Drawing {
  return { svg: square("0 0 48 48", style(NO_TRAIL) + (unread ? dotted(inner()) : inner())), size };
}

/** Black and transparent only. */
export function templateDrawing(size: number, unread: boolean): Drawing {
  const shape = mask("shape", style(NO_TRAIL, CUT_OUT) + inner());
  const black = `<rect width="48" height="48" mask="url(#shape)"/>`;
  return {
    svg: square("0 0 48 48", shape + (unread ? dotted(black, "#000") : black)),
    size,
  };
}

/** Over the program's button in the task bar of Windows. */
export function overlayDrawing(size: number): Drawing {
  return {
    svg: square("0 0 48 48", `<circle cx="24" cy="24" r="22" fill="${DOT_COLOUR}"/>`),
    size,
  };
}

function dotted(content: string, colour: string = DOT_COLOUR): string {
  const { x, y, radius, gap } = DOT;
  const hole = `<rect width="48" height="48" fill="#fff"/><circle cx="${x}" cy="${y}" r="${radius + gap}"/>`;
  const dot = `<circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}"/>`;
  return `${mask("hole", hole)}<g mask="url(#hole)">${content}</g>${dot}`;
}

function mask(id: string, content: string): string {
  return `<mask id="${id}" maskUnits="userSpaceOnUse" x="0" y="0" width="48" height="48">${content}</mask>`;
}

function simplified(size: number): string {
  return size <= MAX_SMALL_SIZE ? style(NO_TRAIL) : "";
}

function style(...rules: readonly string[]): string {
  return `<style>${rules.join(" ")}</style>`;
}

function square(viewBox: string, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}">${content}</svg>`;
}

/** What stands between the source's outermost tags. */
function inner(): string {
  const text = readFileSync(SOURCE, "utf8");
  const start = text.indexOf(">") + 1;
  const end = text.lastIndexOf("</svg>");
  if (!text.startsWith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">') || end < 0) {
    throw new Error("The source of the icons is one <svg> of 48 by 48 units");
  }
  return text.slice(start, end);
}
