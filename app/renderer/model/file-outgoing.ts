import type { SendFileOptions } from "../../../shared/chatkit/files/files-api.ts";
import { limits } from "../../../shared/protocol/index.ts";
import { BlobSource, UNKNOWN_TYPE } from "../ports/blob-source.ts";
import { fileKind } from "./file-kind.ts";
import { CLEANED_FILMS, filmWithoutMetadata } from "./film-metadata.ts";
import type { FolderEntry, PickedFile } from "./files.ts";
import { MAX_CLEANED_BYTES, withoutMetadata } from "./image-metadata.ts";
import { previewOf } from "./image-preview.ts";

/** Pictures that no camera makes. Of all others the place is taken out, or the person is asked. */
const DRAWN = new Set(["image/svg+xml", "image/gif", "image/bmp", "image/x-icon"]);

/** What browsers do not name, by its extension. */
const TYPES: Readonly<Record<string, string>> = {
  heic: "image/heic",
  heif: "image/heif",
  mov: "video/quicktime",
  mp4: "video/mp4",
  m4v: "video/x-m4v",
  "3gp": "video/3gpp",
  tif: "image/tiff",
  tiff: "image/tiff",
  dng: "image/x-adobe-dng",
  ...Object.fromEntries(
    // A camera's own kinds.
    ["arw", "cr2", "cr3", "nef", "orf", "raf", "rw2"].map((kind) => [kind, `image/x-${kind}`]),
  ),
};

export function typeOf(file: File): string {
  const extension = file.name.split(".").at(-1)?.toLowerCase() ?? "";
  return new BlobSource(file, file.name, file.type || (TYPES[extension] ?? UNKNOWN_TYPE)).mediaType;
}

/** Whether it is a photo or a film that may tell where it was taken. */
export function tellsPlace(file: File): boolean {
  const type = typeOf(file);
  return (type.startsWith("image/") && !DRAWN.has(type)) || CLEANED_FILMS.has(type);
}

/** A place could not be taken out: the person decides whether the file goes all the same. */
export class UncleanedError extends Error {
  readonly fileName: string;
  constructor(fileName: string) {
    super("the metadata of a photo or film could not be removed");
    this.name = "UncleanedError";
    this.fileName = fileName;
  }
}

export interface OutgoingChoice {
  /** Photos and films go as they are, with where they were taken. */
  readonly keepMetadata: boolean;
  /** Nothing is shown in place at the other end. */
  readonly asFile: boolean;
}

/**
 * What is sent of something chosen. Rejects with `UncleanedError` where a photo or film was to be
 * cleaned and cannot be.
 */
export async function outgoing(
  { name, content }: PickedFile,
  { keepMetadata, asFile }: OutgoingChoice,
): Promise<{ readonly source: BlobSource; readonly options: SendFileOptions }> {
  if (!(content instanceof File)) {
    const zip = await zipOf(content, keepMetadata);
    return { source: new BlobSource(zip, fitName(`${name}.zip`)), options: {} };
  }
  const mediaType = typeOf(content);
  const blob = keepMetadata ? content : await cleaned(content);
  const hides = asFile && fileKind({ mediaType, size: blob.size }) !== "file";
  const source = new BlobSource(blob, fitName(name), hides ? UNKNOWN_TYPE : mediaType);
  return { source, options: asFile ? {} : await previewOf(blob, mediaType) };
}

/** Without the place where it was taken. Rejects with `UncleanedError`. */
async function cleaned(file: File): Promise<Blob> {
  if (!tellsPlace(file)) return file;
  const type = typeOf(file);
  if (CLEANED_FILMS.has(type)) {
    const film = await filmWithoutMetadata(file);
    if (film === undefined) throw new UncleanedError(file.name);
    return film;
  }
  if (file.size > MAX_CLEANED_BYTES) throw new UncleanedError(file.name);
  const parts = withoutMetadata(new Uint8Array(await file.arrayBuffer()));
  if (parts === undefined) throw new UncleanedError(file.name);
  return new Blob(
    parts.map((part) => new Uint8Array(part)),
    { type },
  );
}

/**
 * The folder as one archive, not compressed: most of what is large is so already. The browser
 * keeps large blobs on disk. Rejects with `UncleanedError`.
 */
async function zipOf(entries: readonly FolderEntry[], keepMetadata: boolean): Promise<Blob> {
  const { downloadZip } = await import("client-zip");
  let uncleaned: UncleanedError | undefined;
  async function* files() {
    for (const { path, file } of entries) {
      try {
        const input = keepMetadata ? file : await cleaned(file);
        yield { name: path, input, lastModified: new Date(file.lastModified) };
      } catch (error) {
        if (error instanceof UncleanedError) uncleaned = error;
        throw error;
      }
    }
  }
  try {
    return new Blob([await downloadZip(files()).blob()], { type: "application/zip" });
  } catch (error) {
    // A stream that breaks off tells its reader in words of its own.
    throw uncleaned ?? error;
  }
}

/** The most that a message holds, with the extension in it. */
function fitName(name: string): string {
  const over = name.length - limits.MAX_FILE_NAME_LENGTH;
  if (over <= 0) return name === "" ? "file" : name;
  const dot = Math.max(name.lastIndexOf("."), name.length - 20);
  return name.slice(0, dot - over) + name.slice(dot);
}
