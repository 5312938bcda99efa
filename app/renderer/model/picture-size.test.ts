import { expect, test } from "vitest";
import { encodeBase64 } from "../../../shared/crypto/index.ts";
import { isDrawable, pictureSize, previewUrl } from "./picture-size.ts";

function hex(text: string): Uint8Array {
  const digits = text.replaceAll(" ", "").match(/../g) ?? [];
  return Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16));
}
const base64 = (text: string): string => encodeBase64(hex(text));

const PNG = "89504e470d0a1a0a 0000000d 49484452";
const WEBP = "52494646 00000000 57454250";

/** All of 640 to 480 pixels. */
const pictures = {
  png: `${PNG} 00000280 000001e0 0802000000`,
  jpeg: "ffd8 ffe0 0004 0000 ff ffdb 0003 00 ffc4 0003 00 ffc2 0011 08 01e0 0280 03",
  "webp, lossy": `${WEBP} 56503820 00000000 000000 9d012a 8002 e001`,
  "webp, lossless": `${WEBP} 5650384c 00000000 2f 7fc27700`,
  "webp, with more": `${WEBP} 56503858 0a000000 00000000 7f0200 df0100`,
  gif: "474946383961 8002 e001 00",
  bmp: "424d 00000000 00000000 00000000 28000000 80020000 20feffff",
  avif: "0000001c 66747970 61766966 00000000 00000014 69737065 00000000 00000280 000001e0",
};

test.each(Object.entries(pictures))("%s tells its size", (_, bytes) => {
  expect(pictureSize(hex(bytes))).toMatchObject({ width: 640, height: 480 });
  // Cut off anywhere it is none, and no error.
  const all = hex(bytes);
  for (let end = 0; end < 10; end += 1) expect(pictureSize(all.subarray(0, end))).toBeUndefined();
});

test("what is no picture tells none", () => {
  for (const bytes of ["", "ff", "ffd8ff00", "ffd8ffda0003", "3c73766720", `${WEBP} 58585858`]) {
    expect(pictureSize(hex(bytes))).toBeUndefined();
  }
});

test("a picture that would fill the memory is not drawn, whatever its message says", async () => {
  const blob = (bytes: string) => new Blob([Uint8Array.from(hex(bytes))], { type: "image/png" });
  expect(await isDrawable(blob(pictures.png))).toBe(true);
  expect(await isDrawable(blob(`${PNG} 00002000 00001f00 08`))).toBe(false);
  // A photo of as many is drawn in a smaller size.
  expect(await isDrawable(blob("ffd8 ffc0 0011 08 1f00 2000 03"))).toBe(true);
  expect(await isDrawable(blob("ffd8 ffc0 0011 08 7f00 7f00 03"))).toBe(false);
  expect(await isDrawable(new Blob(["<svg/>"], { type: "image/png" }))).toBe(false);
  expect(await isDrawable(new Blob(["film"], { type: "video/mp4" }))).toBe(true);
});

test("a small picture in a message is one, and a small one", () => {
  const small = `${WEBP} 56503820 00000000 000000 9d012a f000 b400`;
  expect(previewUrl(base64(small))).toBe(`data:image/webp;base64,${base64(small)}`);
  expect(previewUrl(base64("ffd8 ffc0 0011 08 00f0 00f0 03"))).toMatch(/^data:image\/jpeg;/);
  const bomb = `${WEBP} 5650384c 00000000 2f ffffff0f`;
  for (const other of [bomb, pictures.png, pictures.gif, "3c73766720"]) {
    expect(previewUrl(base64(other))).toBeUndefined();
  }
  expect(previewUrl("AB==")).toBeUndefined();
});
