import { createHash } from "node:crypto";
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  type FileHandle,
} from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import * as v from "valibot";
import {
  FileError,
  type FileReceiver,
  type FileSource,
  type FileVault,
} from "../../../shared/chatkit/files/file-vault.ts";
import type { FileVaultOpener } from "../../../shared/chatkit/ports.ts";
import { decodeId, encodeId, FileId, ID_BYTES } from "../../../shared/protocol/index.ts";
import { codeOf, PathSource, readFully, telling } from "./path-source.ts";

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What is noted beside a file's content. */
const Note = v.object({
  name: v.string(),
  mediaType: v.string(),
  size: Size,
  /** One's own, read where it lies while it is the same. */
  own: v.exactOptional(v.object({ path: v.string(), mtimeMs: v.number() })),
});
type Note = v.InferOutput<typeof Note>;

/** The names that a vault gives. */
const NAME = /^([0-9a-f]{32})\.(?:json|json\.new|part|data)$/;

/** Written at once: a call for each chunk costs more than the chunk. */
const WRITE_BYTES = 512 * 1024;

/** Copied at once, of a source that has no path. */
const COPY_BYTES = 1024 * 1024;

/**
 * Files below `dataFolder`, a folder for each account, readable by its owner alone. A file has its id
 * for a name there: `.json` says what it is, `.part` is what came of it so far, and `.data` is whole.
 */
export function createFileVaults(dataFolder: string): FileVaultOpener {
  return {
    open: (account) =>
      telling(async () => {
        const folder = join(dataFolder, "files", folderNameOf(account));
        await mkdir(folder, { recursive: true, mode: 0o700 });
        return new NodeFileVault(folder);
      }),
  };
}

/** Readable for people who look into the folder, unique by the hash, safe on every file system. */
function folderNameOf(account: string): string {
  const readable = account.replaceAll(/[^A-Za-z0-9.-]+/g, "_").slice(0, 60);
  const hash = createHash("sha256").update(account).digest("hex").slice(0, 16);
  return `${readable}-${hash}`;
}

class NodeFileVault implements FileVault {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  keep(fileId: FileId, source: FileSource): Promise<void> {
    return telling(async () => {
      if ((await this.#note(fileId)) !== undefined) return;
      const { name, mediaType, size } = source;
      const note = { name, mediaType, size };
      if (source instanceof PathSource && !source.path.startsWith(this.#folder + sep)) {
        const { mtimeMs } = source.mark;
        return await this.#write(fileId, { ...note, own: { path: source.path, mtimeMs } });
      }
      if (source instanceof PathSource) await duplicate(source.path, this.#at(fileId, "data"));
      else await this.#copy(fileId, source);
      await this.#write(fileId, note);
    });
  }

  open(fileId: FileId): Promise<FileSource | undefined> {
    return telling(async () => {
      const note = await this.#note(fileId);
      if (note === undefined) return undefined;
      const { mediaType, name, own, size } = note;
      if (own !== undefined) {
        const found = await stat(own.path);
        const isSame = found.isFile() && found.size === size && found.mtimeMs === own.mtimeMs;
        if (!isSame) throw new FileError("changed", `${own.path} was changed.`);
        return new PathSource(own.path, { size, mtimeMs: own.mtimeMs }, name, mediaType);
      }
      const path = this.#at(fileId, "data");
      const found = await statOf(path);
      if (found === undefined) return undefined;
      return new PathSource(path, { size: found.size, mtimeMs: found.mtimeMs }, name, mediaType);
    });
  }

  receive(
    fileId: FileId,
    { name, mediaType, size }: { name: string; mediaType: string; size: number },
  ): Promise<FileReceiver> {
    return telling(async () => {
      await this.#write(fileId, { name, mediaType, size });
      const part = this.#at(fileId, "part");
      // Not "a": Linux would ignore the place that a write names (pwrite(2)).
      const handle = await openOrMake(part);
      const { size: length } = await handle.stat();
      return new PartReceiver({ handle, part, whole: this.#at(fileId, "data"), length, size });
    });
  }

  delete(fileId: FileId): Promise<void> {
    return telling(async () => {
      // The note goes last: while it is there, the rest can be found.
      for (const kind of ["part", "data", "json.new", "json"] as const) {
        await rm(this.#at(fileId, kind), { force: true });
      }
    });
  }

  ids(): Promise<readonly FileId[]> {
    return telling(async () => {
      const found = new Set<string>();
      for (const name of await readdir(this.#folder)) {
        const hex = NAME.exec(name)?.[1];
        if (hex !== undefined) found.add(encodeId(Buffer.from(hex, "hex")));
      }
      return v.parse(v.array(FileId), [...found]);
    });
  }

  clear(): Promise<void> {
    return telling(() => rm(this.#folder, { recursive: true, force: true }));
  }

  async #copy(fileId: FileId, source: FileSource): Promise<void> {
    const receiver = await this.receive(fileId, source);
    try {
      while (receiver.length < source.size) {
        const bytes = await source.read(receiver.length, COPY_BYTES);
        if (bytes.length === 0) throw new FileError("changed", "The file became shorter.");
        await receiver.append(bytes);
      }
      await receiver.finish();
    } catch (error) {
      await receiver.close();
      await this.delete(fileId);
      throw error;
    }
  }

  async #note(fileId: FileId): Promise<Note | undefined> {
    let text: string;
    try {
      text = await readFile(this.#at(fileId, "json"), "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Note), text);
    return parsed.success ? parsed.output : undefined;
  }

  /** All of it or nothing, and there after a crash. */
  async #write(fileId: FileId, note: Note): Promise<void> {
    const path = this.#at(fileId, "json");
    const draft = this.#at(fileId, "json.new");
    const handle = await open(draft, "w", 0o600);
    try {
      await handle.writeFile(JSON.stringify(note));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  }

  /** In hex: some file systems take `a` and `A` for the same. */
  #at(fileId: FileId, kind: "json" | "json.new" | "part" | "data"): string {
    const bytes = new Uint8Array(ID_BYTES);
    decodeId(fileId, bytes);
    return join(this.#folder, `${Buffer.from(bytes).toString("hex")}.${kind}`);
  }
}

interface PartOptions {
  readonly handle: FileHandle;
  readonly part: string;
  readonly whole: string;
  readonly length: number;
  /** Bytes that it is to have. */
  readonly size: number;
}

class PartReceiver implements FileReceiver {
  readonly #options: PartOptions;
  #length: number;
  /** Bytes that the system has. */
  #written: number;
  /** What the system does not have yet. */
  readonly #tail: Uint8Array;
  #tailLength = 0;
  #open = true;

  constructor(options: PartOptions) {
    this.#options = options;
    this.#length = options.length;
    this.#written = options.length;
    this.#tail = new Uint8Array(Math.min(WRITE_BYTES, Math.max(0, options.size - options.length)));
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): Promise<void> {
    return telling(async () => {
      if (this.#length + bytes.length > this.#options.size) {
        throw new FileError("unknown", "More comes than was announced.");
      }
      for (let taken = 0; taken < bytes.length;) {
        const part = bytes.subarray(taken, taken + this.#tail.length - this.#tailLength);
        this.#tail.set(part, this.#tailLength);
        this.#tailLength += part.length;
        this.#length += part.length;
        taken += part.length;
        if (this.#tailLength === this.#tail.length) await this.#write();
      }
    });
  }

  flush(): Promise<void> {
    return telling(async () => {
      await this.#write();
      await this.#options.handle.datasync();
    });
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return telling(async () => {
      await this.#write();
      const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#length - offset)));
      const filled = await readFully(this.#options.handle, bytes, offset);
      return bytes.subarray(0, filled);
    });
  }

  /** Hands what waits over to the system. */
  async #write(): Promise<void> {
    const { handle } = this.#options;
    // A full disk takes a part, and says why with the next.
    while (this.#tailLength > 0) {
      const { bytesWritten } = await handle.write(this.#tail, 0, this.#tailLength, this.#written);
      this.#written += bytesWritten;
      this.#tail.copyWithin(0, bytesWritten, this.#tailLength);
      this.#tailLength -= bytesWritten;
    }
  }

  finish(): Promise<void> {
    return telling(async () => {
      const { handle, part, size, whole } = this.#options;
      if (this.#length !== size) throw new FileError("unknown", "Not all of it has come.");
      await this.#write();
      await handle.sync();
      await this.close();
      await rename(part, whole);
      await syncFolder(dirname(whole));
    });
  }

  close(): Promise<void> {
    return telling(async () => {
      if (!this.#open) return;
      this.#open = false;
      await this.#options.handle.close();
    });
  }
}

async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return await open(path, "w+", 0o600);
  }
}

/** One content under two names: neither is lost when the other is deleted. */
async function duplicate(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    if (codeOf(error) === "ENOENT") throw error;
    // File systems without links copy.
    await copyFile(from, to);
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A renamed file stays renamed after a crash; Windows has no such call, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
