import { encodeBase64 } from "../../../shared/crypto/index.ts";
import type { FileBody } from "../../../shared/protocol/index.ts";
import { MAX_THUMBNAIL_BYTES } from "../../../shared/protocol/limits.ts";

/** Longest side and quality, best first, until one is small enough to travel in a message. */
const ATTEMPTS = [
  [240, 0.72],
  [200, 0.6],
  [160, 0.5],
  [96, 0.4],
  [48, 0.4],
] as const;

/** A film that does not show its first picture by then is sent without. */
const FILM_PATIENCE_MS = 6_000;
/** Where a film's picture is taken: the very first one is often black. */
const FILM_MOMENT_S = 1;
/** Whole pictures are read into memory for their preview; larger files are shown by name. */
const MAX_DECODED_BYTES = 128 * 1024 * 1024;
/** The most that a message can say. */
const MAX_PIXELS = 65_535;

export type Preview = Pick<FileBody, "image" | "durationMs">;

/**
 * What can be said of a picture, a film or a sound before it is there: size in pixels as it is shown,
 * a small picture, duration. Never rejects: what cannot be shown has no preview.
 */
export async function previewOf(file: Blob, mediaType: string): Promise<Preview> {
  try {
    if (mediaType.startsWith("image/")) return await previewOfPicture(file);
    if (mediaType.startsWith("video/")) return await previewOfFilm(file);
    if (mediaType.startsWith("audio/"))
      return durationOf(await mediaOf(file, "audio", "loadedmetadata"));
  } catch {
    // Damaged, or of a kind that this browser does not know: it goes as any file.
  }
  return {};
}

async function previewOfPicture(file: Blob): Promise<Preview> {
  if (file.size > MAX_DECODED_BYTES) return {};
  // Decoded as it is shown: with the orientation of its Exif.
  const bitmap = await createImageBitmap(file);
  try {
    return await drawn(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

async function previewOfFilm(file: Blob): Promise<Preview> {
  const film = await mediaOf(file, "video", "loadeddata");
  try {
    if (!(film instanceof HTMLVideoElement)) return {};
    const { image } = await drawn(film, film.videoWidth, film.videoHeight);
    return { ...durationOf(film), ...(image === undefined ? {} : { image }) };
  } finally {
    URL.revokeObjectURL(film.src);
  }
}

async function mediaOf(
  file: Blob,
  kind: "audio" | "video",
  ready: "loadedmetadata" | "loadeddata",
): Promise<HTMLMediaElement> {
  const element = document.createElement(kind);
  element.muted = true;
  element.preload = "auto";
  element.src = URL.createObjectURL(file);
  try {
    await happens(element, ready);
    if (kind === "video" && element.duration > FILM_MOMENT_S) {
      element.currentTime = FILM_MOMENT_S;
      await happens(element, "seeked");
    }
    return element;
  } catch (error) {
    URL.revokeObjectURL(element.src);
    throw error;
  }
}

function happens(element: HTMLMediaElement, event: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (): void => reject(new Error("this cannot be played"));
  const timer = setTimeout(fail, FILM_PATIENCE_MS);
  element.addEventListener(event, () => resolve(), { once: true });
  element.addEventListener("error", fail, { once: true });
  return promise.finally(() => clearTimeout(timer));
}

function durationOf({ duration }: HTMLMediaElement): Preview {
  return Number.isFinite(duration) ? { durationMs: Math.round(duration * 1000) } : {};
}

async function drawn(picture: CanvasImageSource, width: number, height: number): Promise<Preview> {
  if (width < 1 || height < 1 || Math.max(width, height) > MAX_PIXELS) return {};
  const size = { width, height };
  const small = await smallPicture(picture, {
    left: 0,
    top: 0,
    ...size,
    attempts: ATTEMPTS,
    maxBytes: MAX_THUMBNAIL_BYTES,
  });
  return { image: small === undefined ? size : { ...size, thumbnail: encodeBase64(small) } };
}

/**
 * A part of a picture, drawn smaller: nothing else of its file is left.
 * @param part pixels; `attempts`: longest side and quality (0 to 1), best first, until one fits
 * @returns WebP; undefined where none fits, or this browser cannot write it
 */
export async function smallPicture(
  picture: CanvasImageSource,
  part: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
    readonly attempts: readonly (readonly [side: number, quality: number])[];
    readonly maxBytes: number;
  },
): Promise<Uint8Array | undefined> {
  const { attempts, height, left, maxBytes, top, width } = part;
  for (const [side, quality] of attempts) {
    const scale = Math.min(1, side / Math.max(width, height));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(width * scale)),
      Math.max(1, Math.round(height * scale)),
    );
    const context = canvas.getContext("2d");
    if (context === null) break;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height);
    // A browser that cannot write WebP gives PNG, which seldom is small enough.
    const blob = await canvas.convertToBlob({ type: "image/webp", quality });
    if (blob.type !== "image/webp" || blob.size > maxBytes) continue;
    return new Uint8Array(await blob.arrayBuffer());
  }
  return undefined;
}
