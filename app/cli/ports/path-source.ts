import { open, stat, type FileHandle } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { FileError, type FileSource } from "../../../shared/chatkit/files/file-vault.ts";

/** What tells that a file is the one it was. */
export interface FileMark {
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
}

/** A file of the file system, read where it lies. */
export class PathSource implements FileSource {
  readonly path: string;
  readonly name: string;
  readonly mediaType: string;
  readonly mark: FileMark;
  #handle: Promise<FileHandle> | undefined;
  #closed = false;

  constructor(path: string, mark: FileMark, name: string, mediaType: string) {
    this.path = path;
    this.mark = mark;
    this.name = name;
    this.mediaType = mediaType;
  }

  /** @throws FileError gone, no-permission; unknown for what is no file */
  static async at(path: string, mediaType = "application/octet-stream"): Promise<PathSource> {
    return await telling(async () => {
      const full = resolve(path);
      const found = await stat(full);
      if (!found.isFile()) throw new FileError("unknown", `${path} is not a file.`);
      const { mtimeMs, size } = found;
      return new PathSource(full, { size, mtimeMs }, basename(full), mediaType);
    });
  }

  get size(): number {
    return this.mark.size;
  }

  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    return telling(async () => {
      if (this.#closed) throw new FileError("unknown", `${this.path} was closed.`);
      this.#handle ??= open(this.path, "r");
      const handle = await this.#handle;
      const wanted = Math.max(0, Math.min(length, this.size - offset));
      const hasRoom = into !== undefined && into.length >= wanted;
      const bytes = hasRoom ? into.subarray(0, wanted) : new Uint8Array(wanted);
      const filled = await readFully(handle, bytes, offset);
      // After the read: what was read may have been written at the same moment.
      const { mtimeMs, size } = await handle.stat();
      if (size !== this.mark.size || mtimeMs !== this.mark.mtimeMs) {
        throw new FileError("changed", `${this.path} was changed.`);
      }
      return bytes.subarray(0, filled);
    });
  }

  async close(): Promise<void> {
    const opened = this.#handle;
    this.#handle = undefined;
    this.#closed = true;
    await telling(async () => {
      // Where it could not be opened, its reader was told.
      const handle = await opened?.catch(() => undefined);
      await handle?.close();
    });
  }
}

/** Fills `bytes` as far as the file goes. @returns how far @throws as `FileHandle.read` */
export async function readFully(
  handle: FileHandle,
  bytes: Uint8Array,
  offset: number,
): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** Runs something with files; what fails there is a `FileError`. */
export async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new FileError(reasonOf(codeOf(error)), message, { cause: error });
  }
}

/** The system's name of an error (errno(3)), such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

function reasonOf(code: string | undefined): FileError["reason"] {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return "disk-full";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "no-permission";
    case "ENOENT":
    case "ENOTDIR":
      return "gone";
    default:
      return "unknown";
  }
}
