import type { FileId } from "../../protocol/index.ts";

/** Something to read from: a file that a person chose, or one that was received. */
export interface FileSource {
  readonly name: string;
  /** RFC 6838; `application/octet-stream` where nobody knows. */
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /**
   * @param into memory that the result may be put into, where it has room: new memory has its price
   * @returns `length` bytes, or fewer at the end, for the caller alone
   * @throws FileError
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Releases it; nothing can be read any more. */
  close(): Promise<void>;
}

/**
 * Where a host keeps the content of files: `Ports.files`. One for each account. Ids are the engine's
 * own (`vaultIdOf`): nobody else chooses one.
 */
export interface FileVault {
  /**
   * Remembers a source of one's own, by reference where the host can and else by a copy, so that
   * `open` gives it after a restart. Idempotent. @throws FileError
   */
  keep(fileId: FileId, source: FileSource): Promise<void>;
  /** A kept source, or a received file that was finished; undefined where there is none. */
  open(fileId: FileId): Promise<FileSource | undefined>;
  /** Takes up a file that is being received, or begins it: what was flushed before is still there. */
  receive(
    fileId: FileId,
    file: { readonly name: string; readonly mediaType: string; readonly size: number },
  ): Promise<FileReceiver>;
  /** Deletes whatever is here of it, not what it refers to. Idempotent. */
  delete(fileId: FileId): Promise<void>;
  /** All that something is here of, whole or not. @throws FileError */
  ids(): Promise<readonly FileId[]>;
  /** Deletes everything, also what no message tells of: the device forgets the account. */
  clear(): Promise<void>;
}

/** A file that arrives in order, piece by piece. */
export interface FileReceiver {
  /** Bytes that are durable, or were written since. */
  readonly length: number;
  /** Appends: it is written, or copied, when this resolves. @throws FileError */
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves once everything appended survives the end of the program. @throws FileError */
  flush(): Promise<void>;
  /** Reads what was appended, to take up a hash after a restart. @throws FileError */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** It is whole and right: `open` gives it from now on. @throws FileError */
  finish(): Promise<void>;
  /** Lets go of it; what was flushed stays. */
  close(): Promise<void>;
}

export class FileError extends Error {
  readonly reason: "disk-full" | "no-permission" | "gone" | "changed" | "unknown";

  constructor(reason: FileError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FileError";
    this.reason = reason;
  }
}
