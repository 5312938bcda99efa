/** What the page saves to the disk: exports, received files. The person says where, each time. */
import { ORIGIN } from "./scheme.ts";

/** Longest name in bytes of UTF-8: file systems take 255, and the dialog may add ` (1)`. */
const MAX_NAME_BYTES = 200;

/** Windows reads these as devices, with any extension. */
const DEVICE_NAME = /^(?:con|conin\$|conout\$|prn|aux|nul|(?:com|lpt)[\d¹²³])\s*(?:\.|$)/i;

/** The part of Electron's DownloadItem that is used. */
export interface SystemDownload {
  getURL(): string;
  getFilename(): string;
  setSaveDialogOptions(options: { defaultPath: string }): void;
}

/** The part of Electron's Session that is used. */
export interface DownloadSession {
  on(
    event: "will-download",
    listener: (event: { preventDefault(): void }, item: SystemDownload) => void,
  ): unknown;
}

/** Only what the page itself has made is saved, and only by a dialog with a harmless name in it. */
export function guardDownloads(session: DownloadSession, report: (problem: unknown) => void): void {
  session.on("will-download", (event, item) => {
    if (!item.getURL().startsWith(`blob:${ORIGIN}/`)) {
      event.preventDefault();
      report("a download that is not the page's own was refused");
      return;
    }
    // Without a path of ours Electron asks where to save.
    item.setSaveDialogOptions({ defaultPath: safeFileName(item.getFilename()) });
  });
}

/** A name that every system takes as one file of the folder, and that looks like what it is. */
export function safeFileName(name: string): string {
  const kept = name
    .normalize("NFC")
    // Control characters, those that turn the direction of writing, and separators.
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "")
    .replaceAll(/[<>:"/\\|?*]/g, "_")
    .replace(/^[\s.]+/, "")
    .replace(/[\s.]+$/, "");
  const named = DEVICE_NAME.test(kept) ? `_${kept}` : kept;
  return shorten(named === "" ? "file" : named);
}

/** Cuts before the extension. */
function shorten(name: string): string {
  if (bytesOf(name) <= MAX_NAME_BYTES) return name;
  const extension = /\.[\w-]{1,16}$/.exec(name)?.[0] ?? "";
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(
    name.slice(0, -extension.length || undefined),
  )) {
    if (bytesOf(kept + segment) > MAX_NAME_BYTES - extension.length) break;
    kept += segment;
  }
  return kept.trimEnd() + extension;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
