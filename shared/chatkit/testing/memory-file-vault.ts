import {
  FileError,
  type FileReceiver,
  type FileSource,
  type FileVault,
} from "../files/file-vault.ts";
import type { FileId } from "../../protocol/index.ts";

interface Described {
  readonly name: string;
  readonly mediaType: string;
}

/** A file that is an array. */
export class MemorySource implements FileSource {
  readonly name: string;
  readonly mediaType: string;
  readonly #bytes: Uint8Array;
  closed = false;

  constructor(bytes: Uint8Array, { name, mediaType }: Described = described) {
    this.#bytes = bytes;
    this.name = name;
    this.mediaType = mediaType;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.closed) throw new FileError("unknown", "It was closed.");
    return this.#bytes.slice(offset, offset + length);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

const described: Described = { name: "file.bin", mediaType: "application/octet-stream" };

interface Held extends Described {
  /** Room for all of it. */
  readonly bytes: Uint8Array;
  readonly size: number;
  length: number;
  /** Bytes that survive `crash`. */
  durable: number;
  finished: boolean;
}

/** A vault that ends with its test. `crash` takes what was not flushed. */
export class MemoryFileVault implements FileVault {
  readonly #held = new Map<FileId, Held>();
  /** The next append fails so. */
  failure: FileError | undefined;

  async keep(fileId: FileId, source: FileSource): Promise<void> {
    if (this.#held.get(fileId)?.finished === true) return;
    const { mediaType, name, size } = source;
    const bytes = (await source.read(0, size)).slice();
    this.#held.set(fileId, {
      name,
      mediaType,
      size,
      bytes,
      length: size,
      durable: size,
      finished: true,
    });
  }

  async open(fileId: FileId): Promise<FileSource | undefined> {
    const held = this.#held.get(fileId);
    return held?.finished === true ? new MemorySource(held.bytes, held) : undefined;
  }

  async receive(
    fileId: FileId,
    file: Described & { readonly size: number },
  ): Promise<FileReceiver> {
    const known = this.#held.get(fileId);
    if (known !== undefined) return this.#receiver(known);
    const held: Held = {
      ...file,
      bytes: new Uint8Array(file.size),
      length: 0,
      durable: 0,
      finished: false,
    };
    this.#held.set(fileId, held);
    return this.#receiver(held);
  }

  async delete(fileId: FileId): Promise<void> {
    this.#held.delete(fileId);
  }

  async ids(): Promise<readonly FileId[]> {
    return [...this.#held.keys()];
  }

  async clear(): Promise<void> {
    this.#held.clear();
  }

  /** The program ends without a word. */
  crash(): void {
    for (const held of this.#held.values()) held.length = held.durable;
  }

  #receiver(held: Held): FileReceiver {
    const fails = (): void => {
      const { failure } = this;
      this.failure = undefined;
      if (failure !== undefined) throw failure;
    };
    return {
      get length() {
        return held.length;
      },
      append: async (bytes) => {
        fails();
        if (held.length + bytes.length > held.size) {
          throw new FileError("unknown", "More comes than was announced.");
        }
        held.bytes.set(bytes, held.length);
        held.length += bytes.length;
      },
      flush: async () => {
        held.durable = held.length;
      },
      read: async (offset, length) =>
        held.bytes.slice(offset, Math.min(offset + length, held.length)),
      finish: async () => {
        if (held.length !== held.size) {
          throw new FileError("unknown", "Not all of it has come.");
        }
        held.durable = held.length;
        held.finished = true;
      },
      close: async () => undefined,
    };
  }
}
