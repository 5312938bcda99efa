import type { Page } from "playwright/test";

/** Can be found again in the bytes of a photo that tells where it was taken. */
export const PLACE = "57.70887N 11.97456E";

/** A picture that the browser draws. */
export async function picture(
  page: Page,
  width: number,
  height: number,
  type: "image/jpeg" | "image/png",
): Promise<Buffer> {
  const bytes = await page.evaluate(
    async (wanted) => {
      const canvas = new OffscreenCanvas(wanted.width, wanted.height);
      const context = canvas.getContext("2d");
      if (context === null) throw new Error("no canvas");
      context.fillStyle = "#2a6f97";
      context.fillRect(0, 0, wanted.width, wanted.height);
      context.fillStyle = "#f6b73c";
      context.fillRect(10, 10, wanted.width / 2, wanted.height / 2);
      const blob = await canvas.convertToBlob({ type: wanted.type });
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    { width, height, type },
  );
  return Buffer.from(bytes);
}

/** Puts an Exif segment with a place behind the start of a JPEG. */
export function jpegWithPlace(jpeg: Buffer): Buffer {
  const exif = Buffer.from(`Exif\0\0MM\0*\0\0\0\b\0\0\0\0\0\0${PLACE}`, "latin1");
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xffe1, 0);
  head.writeUInt16BE(exif.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]);
}
