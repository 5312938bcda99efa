import type { FileBody } from "../../../shared/protocol/index.ts";
import type { IconName } from "../components/icons.tsx";

/** How a file is shown in a conversation. */
export type FileKind = "image" | "video" | "audio" | "voice" | "file";

/** Shown in place: what browsers draw without running anything. Not SVG, which is a document. */
const PICTURES = new Set([
  "image/jpeg",
  "image/png",
  "image/webp",
  "image/gif",
  "image/avif",
  "image/bmp",
]);

/** Shown in place while they are so small; larger ones would fill the memory that they are drawn in. */
const MAX_SHOWN_BYTES = 64 * 1024 * 1024;
const MAX_SHOWN_PIXELS = 100_000_000;

type Described = Pick<FileBody, "mediaType" | "size" | "image" | "waveform">;

export function fileKind({ mediaType, size, image, waveform }: Described): FileKind {
  if (PICTURES.has(mediaType)) {
    const small =
      size <= MAX_SHOWN_BYTES &&
      (image === undefined || image.width * image.height <= MAX_SHOWN_PIXELS);
    return small ? "image" : "file";
  }
  if (mediaType.startsWith("video/")) return "video";
  if (!mediaType.startsWith("audio/")) return "file";
  return waveform === undefined ? "audio" : "voice";
}

/** A picture of a kind or size that is not drawn here, HEIC before all: it goes as a file. */
export function isUnseenPicture(file: Described): boolean {
  return file.mediaType.startsWith("image/") && fileKind(file) === "file";
}

const ARCHIVES = /\.(?:zip|rar|7z|gz|bz2|xz|tar|tgz|zst)$/i;

export function fileIcon({ name, mediaType }: Pick<FileBody, "name" | "mediaType">): IconName {
  if (mediaType.startsWith("image/")) return "image";
  if (mediaType.startsWith("video/")) return "film";
  if (mediaType.startsWith("audio/")) return "music";
  return ARCHIVES.test(name) ? "archive" : "file";
}

/** Characters that change the direction of what follows: with them `exe.jpg` reads as `gpj.exe`. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// oxlint-disable-next-line no-control-regex -- they are what is taken out
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

const graphemes = new Intl.Segmenter();

/** The end that always shows: a few letters and the extension. */
const END_LENGTH = 10;

/** A name for showing, in two parts: the first one may be cut at its end, the second one never. */
export function nameParts(name: string): readonly [string, string] {
  const safe = safeName(name);
  const letters = Array.from(graphemes.segment(safe), ({ segment }) => segment);
  if (letters.length <= END_LENGTH * 2) return [safe, ""];
  return [letters.slice(0, -END_LENGTH).join(""), letters.slice(-END_LENGTH).join("")];
}

export function safeName(name: string): string {
  // Half a character is none of UTF-8's: no address and no archive takes it.
  const safe = name.toWellFormed().replace(DIRECTION, "").replace(CONTROL, " ").trim();
  return safe === "" ? "file" : safe;
}

/** As a browser may offer it for saving: no folders, nothing that only looks like another kind. */
export function saveName(name: string): string {
  return (
    safeName(name)
      .replaceAll(/[/\\:*?"<>|]/g, "_")
      .replace(/^\.+/, "_")
      // Windows drops them, and the name means another kind then.
      .replace(/[\s.]+$/, "")
  );
}

/** Longest name in an archive, in bytes of UTF-8: file systems take 255, and a number comes before it. */
const MAX_ARCHIVED_BYTES = 200;

const endings: Readonly<Record<string, string>> = {
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/webp": ".webp",
  "image/gif": ".gif",
  "image/avif": ".avif",
  "image/bmp": ".bmp",
};
const PICTURE_NAME = /\.(?:jpe?g|png|webp|gif|avif|bmp)$/i;

/** In an archive of pages: short enough, and whoever presses on a picture gets to a picture. */
export function archiveName({ name, mediaType }: Pick<FileBody, "name" | "mediaType">): string {
  const safe = saveName(name);
  const ending = endings[mediaType];
  return cut(ending === undefined || PICTURE_NAME.test(safe) ? safe : safe + ending);
}

/** Cut before its extension. */
function cut(name: string): string {
  if (bytesOf(name) <= MAX_ARCHIVED_BYTES) return name;
  const extension = /\.[\w-]{1,16}$/.exec(name)?.[0] ?? "";
  let kept = "";
  let length = extension.length;
  for (const { segment } of graphemes.segment(name.slice(0, name.length - extension.length))) {
    length += bytesOf(segment);
    if (length > MAX_ARCHIVED_BYTES) break;
    kept += segment;
  }
  return kept + extension;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
