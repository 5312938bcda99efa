import { expect, test } from "vitest";
import { rootLook } from "./look.ts";

const plain = { moreContrast: false, reducedMotion: false };
const choice = { theme: "system", textSize: 100, motion: "system" } as const;

test("what the person leaves to the system is the system's", () => {
  expect(rootLook(choice, plain)).toEqual({ scheme: "", contrast: "", motion: "", textScale: 1 });
  expect(rootLook(choice, { moreContrast: true, reducedMotion: true })).toEqual({
    scheme: "",
    contrast: "more",
    motion: "reduce",
    textScale: 1,
  });
});

test("what the person chose holds, and nobody's wish for more contrast or less motion is lost", () => {
  expect(rootLook({ ...choice, theme: "dark" }, { ...plain, moreContrast: true })).toMatchObject({
    scheme: "dark",
    contrast: "more",
  });
  expect(rootLook({ ...choice, theme: "contrast-dark" }, plain)).toMatchObject({
    scheme: "dark",
    contrast: "more",
  });
  expect(rootLook({ theme: "contrast-light", textSize: 150, motion: "reduce" }, plain)).toEqual({
    scheme: "light",
    contrast: "more",
    motion: "reduce",
    textScale: 1.5,
  });
});
