import { expect, it } from "vitest";
import { placeWindow } from "./window-bounds.ts";

const primary = { x: 0, y: 0, width: 1920, height: 1040 };
const left = { x: -1280, y: 0, width: 1280, height: 1000 };

it("opens in the middle of the first screen the first time", () => {
  expect(placeWindow(undefined, [primary])).toEqual({ x: 420, y: 150, width: 1080, height: 740 });
});

it("comes back where it was, also on another screen", () => {
  const saved = { x: -1200, y: 50, width: 900, height: 700 };
  expect(placeWindow(saved, [primary, left])).toEqual(saved);
});

it("comes back from a screen that is gone", () => {
  const saved = { x: -1200, y: 50, width: 900, height: 700 };
  expect(placeWindow(saved, [primary])).toEqual({ x: 510, y: 170, width: 900, height: 700 });
});

it("keeps the title bar within reach", () => {
  for (const lost of [
    { x: 1900, y: 10 },
    { x: 100, y: -300 },
    { x: 100, y: 1030 },
  ]) {
    const placed = placeWindow({ ...lost, width: 900, height: 700 }, [primary]);
    expect(placed).toMatchObject({ x: 510, y: 170 });
  }
});

it("is never larger than its screen nor smaller than the page can be", () => {
  const small = { x: 0, y: 0, width: 800, height: 600 };
  expect(placeWindow({ x: 0, y: 0, width: 3000, height: 2000 }, [small])).toEqual(small);
  expect(placeWindow(undefined, [small])).toEqual({ x: 0, y: 0, width: 800, height: 600 });
  expect(placeWindow({ x: 5, y: 5, width: 1, height: 1 }, [primary])).toEqual({
    x: 5,
    y: 5,
    width: 360,
    height: 480,
  });
});
