import { Dexie, type Table } from "dexie";
import {
  FileError,
  type FileReceiver,
  type FileSource,
  type FileVault,
} from "../../../shared/chatkit/files/file-vault.ts";
import type { FileId } from "../../../shared/protocol/index.ts";
import { BlobSource } from "./blob-source.ts";
import { storeErrorOf } from "./dexie-errors.ts";

interface FileRow {
  readonly fileId: FileId;
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  readonly own: boolean;
  /** Bytes in its pieces. */
  readonly length: number;
  /** It may be opened. */
  readonly finished: boolean;
  /** One's own, where the browser had it as a file: it keeps a copy outside of memory. */
  readonly blob?: Blob;
}

interface PieceRow {
  readonly fileId: FileId;
  readonly index: number;
  readonly blob: Blob;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** One piece is in memory as a whole; and how large a file is, its sender says. */
const MAX_PIECE_BYTES = 64 * MIB;

/** 1 MiB, and more for very large ones, so that no file has more than some thousand pieces. */
function pieceBytes(size: number): number {
  return Math.min(MAX_PIECE_BYTES, MIB * Math.max(1, Math.ceil(size / GIB)));
}

/** Version of the tables; a new one is a new line in the constructor. */
const SCHEMA_VERSION = 1;

class FilesDatabase extends Dexie {
  readonly files: Table<FileRow, FileId>;
  readonly pieces: Table<PieceRow, [FileId, number]>;

  constructor(name: string) {
    super(name, { chromeTransactionDurability: "strict", cache: "disabled" });
    this.version(SCHEMA_VERSION).stores({ files: "fileId", pieces: "[fileId+index]" });
    this.files = this.table("files");
    this.pieces = this.table("pieces");
  }
}

/**
 * Files of one account in IndexedDB: received ones in pieces, each on disk when `flush` resolves, and
 * joined without being read; one's own as the browser's copies.
 */
export class IndexedFileVault implements FileVault, AsyncDisposable {
  readonly #database: FilesDatabase;

  /** @param account as the store has it; opens at the first use */
  constructor(account: string) {
    this.#database = new FilesDatabase(`beeline-files:${account}`);
    // Whoever deletes it, in another window too, is not kept waiting.
    this.#database.on("versionchange", () => this.#database.close());
  }

  keep(fileId: FileId, source: FileSource): Promise<void> {
    return run(async () => {
      const known = await this.#database.files.get(fileId);
      if (known?.finished === true) return;
      const { name, mediaType, size } = source;
      if (source instanceof BlobSource) {
        const { blob } = source;
        const row = { fileId, name, mediaType, size, own: true, length: 0, finished: true, blob };
        await this.#database.files.put(row);
        return;
      }
      try {
        await this.#copy({ fileId, name, mediaType, size, own: true }, source);
      } catch (error) {
        await this.#erase(fileId);
        throw error;
      }
    });
  }

  open(fileId: FileId): Promise<FileSource | undefined> {
    return run(async () => {
      const row = await this.#database.files.get(fileId);
      if (row?.finished !== true) return undefined;
      if (row.blob !== undefined) return new BlobSource(row.blob, row.name, row.mediaType);
      const pieces = await piecesOf(this.#database, fileId).toArray();
      const blob = new Blob(
        pieces.map((piece) => piece.blob),
        { type: row.mediaType },
      );
      return new BlobSource(blob, row.name, row.mediaType);
    });
  }

  receive(
    fileId: FileId,
    file: { readonly name: string; readonly mediaType: string; readonly size: number },
  ): Promise<FileReceiver> {
    return run(() => this.#begin({ fileId, ...file, own: false }));
  }

  delete(fileId: FileId): Promise<void> {
    return run(() => this.#erase(fileId));
  }

  ids(): Promise<readonly FileId[]> {
    return run(() => this.#database.files.toCollection().primaryKeys());
  }

  clear(): Promise<void> {
    return run(() => this.#database.delete());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
  }

  async #begin(file: Omit<FileRow, "length" | "finished" | "blob">): Promise<IndexedReceiver> {
    const known = await this.#database.files.get(file.fileId);
    if (known !== undefined && known.size === file.size && known.blob === undefined) {
      return IndexedReceiver.takeUp(this.#database, known);
    }
    await this.#erase(file.fileId);
    const row = { ...file, length: 0, finished: false };
    await this.#database.files.put(row);
    return new IndexedReceiver(this.#database, row, new Uint8Array());
  }

  async #copy(
    file: Omit<FileRow, "length" | "finished" | "blob">,
    source: FileSource,
  ): Promise<void> {
    const receiver = await this.#begin(file);
    const step = pieceBytes(file.size);
    while (receiver.length < file.size) {
      const bytes = await source.read(receiver.length, step);
      if (bytes.length === 0) throw new FileError("changed", "The file became shorter.");
      await receiver.append(bytes);
    }
    await receiver.finish();
  }

  async #erase(fileId: FileId): Promise<void> {
    const { files, pieces } = this.#database;
    await this.#database.transaction("rw", files, pieces, async () => {
      await files.delete(fileId);
      await piecesOf(this.#database, fileId).delete();
    });
  }
}

class IndexedReceiver implements FileReceiver {
  readonly #database: FilesDatabase;
  readonly #step: number;
  /** The piece that is not full yet, and how much of it there is. */
  readonly #tail: Uint8Array<ArrayBuffer>;
  #tailLength: number;
  /** Bytes of the tail that are on disk. */
  #flushed: number;
  #row: FileRow;

  constructor(database: FilesDatabase, row: FileRow, tail: Uint8Array) {
    this.#database = database;
    this.#row = row;
    this.#step = pieceBytes(row.size);
    this.#tail = new Uint8Array(Math.min(this.#step, row.size));
    this.#tail.set(tail);
    this.#tailLength = tail.length;
    this.#flushed = tail.length;
  }

  static async takeUp(database: FilesDatabase, row: FileRow): Promise<IndexedReceiver> {
    const step = pieceBytes(row.size);
    const last = await database.pieces.get([row.fileId, Math.floor(row.length / step)]);
    const tail = last === undefined ? new Uint8Array() : await bytesOf(last.blob);
    return new IndexedReceiver(database, row, tail.subarray(0, row.length % step));
  }

  get length(): number {
    return this.#row.length + this.#tailLength - this.#flushed;
  }

  append(bytes: Uint8Array): Promise<void> {
    return run(async () => {
      if (this.length + bytes.length > this.#row.size) {
        throw new FileError("unknown", "More bytes than the file has.");
      }
      let taken = 0;
      while (taken < bytes.length) {
        const part = bytes.subarray(taken, taken + this.#tail.length - this.#tailLength);
        this.#tail.set(part, this.#tailLength);
        this.#tailLength += part.length;
        taken += part.length;
        if (this.#tailLength === this.#step) await this.#write();
      }
    });
  }

  flush(): Promise<void> {
    return run(async () => {
      if (this.#tailLength > this.#flushed) await this.#write();
    });
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return run(async () => {
      const end = Math.min(offset + length, this.length);
      const start = this.length - this.#tailLength;
      const first = Math.floor(offset / this.#step);
      const stored =
        offset >= start
          ? []
          : await piecesOf(this.#database, this.#row.fileId, first, Math.ceil(end / this.#step))
              .filter(({ index }) => index * this.#step < start)
              .toArray();
      const blob = new Blob([
        ...stored.map((piece) => piece.blob),
        this.#tail.subarray(0, this.#tailLength),
      ]);
      const from = stored.length === 0 ? start : first * this.#step;
      return await bytesOf(blob.slice(offset - from, Math.max(offset, end) - from));
    });
  }

  finish(): Promise<void> {
    return run(async () => {
      if (this.length !== this.#row.size) throw new FileError("unknown", "The file is not whole.");
      if (this.#tailLength > this.#flushed) await this.#write();
      this.#row = { ...this.#row, finished: true };
      await this.#database.files.put(this.#row);
    });
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  /** The tail and the new length, together. */
  async #write(): Promise<void> {
    const { files, pieces } = this.#database;
    const { fileId } = this.#row;
    const length = this.length;
    const index = Math.floor((length - this.#tailLength) / this.#step);
    const row = { ...this.#row, length };
    const blob = new Blob([this.#tail.subarray(0, this.#tailLength)]);
    await this.#database.transaction("rw", files, pieces, async () => {
      await pieces.put({ fileId, index, blob });
      await files.put(row);
    });
    this.#row = row;
    if (this.#tailLength === this.#step) this.#tailLength = 0;
    this.#flushed = this.#tailLength;
  }
}

function piecesOf(
  database: FilesDatabase,
  fileId: FileId,
  from = 0,
  to = Number.MAX_SAFE_INTEGER,
): ReturnType<Table<PieceRow, [FileId, number]>["toCollection"]> {
  return database.pieces.where("[fileId+index]").between([fileId, from], [fileId, to], true, false);
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

const reasonOfStore = {
  full: "disk-full",
  forbidden: "no-permission",
  damaged: "gone",
  locked: "unknown",
  unknown: "unknown",
} as const;

async function run<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof FileError) throw error;
    const { reason, message } = storeErrorOf(error);
    throw new FileError(reasonOfStore[reason], message, { cause: error });
  }
}
