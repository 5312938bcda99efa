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

/** A second of film, as a page records it. */
export async function film(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 320;
    canvas.height = 180;
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("no canvas");
    const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" });
    const parts: Blob[] = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    const stopped = new Promise((resolve) => {
      recorder.addEventListener("stop", resolve);
    });
    recorder.start();
    const from = performance.now();
    for (;;) {
      const time = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
      if (time - from > 1000) break;
      context.fillStyle = "#2a6f97";
      context.fillRect(0, 0, 320, 180);
      context.fillStyle = "#f6b73c";
      context.fillRect(((time - from) / 1000) * 280, 60, 40, 60);
    }
    recorder.stop();
    await stopped;
    return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
  });
  return Buffer.from(bytes);
}

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.reduce((sum, { length }) => sum + length, 0));
  head.write(type, 4, "latin1");
  return Buffer.concat([head, ...content]);
}

/** What a phone writes around a film, without the film: nobody can play it. */
export function movieWithPlace(): Buffer {
  const place = box("udta", box("\u00a9xyz", Buffer.from(PLACE)));
  return Buffer.concat([
    box("ftyp", Buffer.from("isom\0\0\0\0")),
    box("mdat", Buffer.from("picture and sound")),
    box("moov", box("mvhd", Buffer.alloc(100)), place),
  ]);
}

/** A tone of so many seconds: RIFF WAVE, mono, 8 bit. */
export function tone(seconds: number): Buffer {
  const rate = 8000;
  const samples = Buffer.from(
    Array.from({ length: rate * seconds }, (_, n) => 128 + Math.round(90 * Math.sin(n / 3))),
  );
  const head = Buffer.alloc(44);
  head.write("RIFF");
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
