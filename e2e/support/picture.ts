/** Pictures of a page, compared with kept ones: by their points, and by where its parts stand. */
import type { Page } from "playwright/test";

/** Left, top, width and height in CSS pixels. */
export type Box = readonly [number, number, number, number];
/** The parts of a screen by their selector; one that is not shown is left out. */
export type Layout = Readonly<Record<string, Box>>;

/** Whose places depend on the styles, and hardly on the fonts of a machine. */
const PARTS = [
  ".accounts",
  ".sidebar",
  ".sidebar-head",
  ".search",
  ".tabs",
  ".sidebar-list",
  ".row",
  ".welcome",
  ".conversation-head",
  ".composer-box",
  ".details",
  ".dialog",
  ".dialog-head",
  ".settings-nav",
  ".settings-section",
  ".pitch",
  ".sign-in-main",
  ".lock-form",
] as const;

/** Another font moves a part by so much, and a broken style by more. CSS pixels. */
const SHIFT = 16;
/** A point differs where one of its colours does by more than this, of 255. */
const SHADE = 24;
/** So many of a thousand points may differ: what an animation or a cursor left behind. */
const STRAY = 1;

export async function layoutOf(page: Page): Promise<Layout> {
  const found = await page.evaluate((parts) => {
    return parts.flatMap((part) => {
      const element = document.querySelector(part);
      if (element === null || !element.checkVisibility()) return [];
      const { x, y, width, height } = element.getBoundingClientRect();
      return [{ part, box: [x, y, width, height].map((value) => Math.round(value)) }];
    });
  }, PARTS);
  return Object.fromEntries(
    found.map(({ part, box: [x = 0, y = 0, width = 0, height = 0] }) => [
      part,
      [x, y, width, height],
    ]),
  );
}

/** What stands elsewhere, is gone, or is new; in words. */
export function layoutDifferences(kept: Layout, now: Layout): readonly string[] {
  const parts = [...new Set([...Object.keys(kept), ...Object.keys(now)])];
  return parts.flatMap((part) => {
    const before = kept[part];
    const after = now[part];
    if (before === undefined || after === undefined) {
      return [`${part} ${before === undefined ? "is new" : "is gone"}`];
    }
    const far = before.some((value, index) => Math.abs(value - (after[index] ?? 0)) > SHIFT);
    return far ? [`${part} stands at ${after.join(" ")} instead of ${before.join(" ")}`] : [];
  });
}

/** How wide this machine draws some words: another font or another way to draw gives other numbers. */
export async function fontsOf(page: Page): Promise<string> {
  return page.evaluate(async () => {
    await document.fonts.ready;
    const context = document.createElement("canvas").getContext("2d");
    if (context === null) throw new Error("no canvas");
    const family = getComputedStyle(document.documentElement).fontFamily;
    return ["Hamburgefonstiv 0123", "消息直达对方", "🐝👍", "نور"]
      .map((words) => {
        context.font = `100px ${family}`;
        return context.measureText(words).width.toFixed(1);
      })
      .join(" ");
  });
}

/**
 * Points in a thousand that differ, the picture's size included. One that stands a row higher or lower
 * does not: rows of a list have fractions of a pixel, which fall to one side or the other.
 * @param kept and now: PNG
 */
export async function pointsThatDiffer(page: Page, kept: Buffer, now: Buffer): Promise<number> {
  return page.evaluate(
    async ({ pictures, shade }) => {
      const [a, b] = await Promise.all(
        pictures.map(async (base64) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext("2d");
          if (context === null) throw new Error("no canvas");
          context.drawImage(bitmap, 0, 0);
          return context.getImageData(0, 0, bitmap.width, bitmap.height);
        }),
      );
      if (a === undefined || b === undefined) throw new Error("two pictures are compared");
      if (a.width !== b.width || a.height !== b.height) return 1000;
      const row = 4 * a.width;
      const isLike = (at: number, other: number): boolean =>
        [0, 1, 2].every(
          (part) => Math.abs((a.data[at + part] ?? 0) - (b.data[other + part] ?? 0)) <= shade,
        );
      let different = 0;
      for (let at = 0; at < a.data.length; at += 4) {
        if (![at, at - row, at + row].some((other) => isLike(at, other))) different += 1;
      }
      return (different * 1000) / (a.width * a.height);
    },
    { pictures: [kept.toString("base64"), now.toString("base64")], shade: SHADE },
  );
}

export function looksTheSame(perThousand: number): boolean {
  return perThousand <= STRAY;
}
