import { encodeBase64, freeBytes, sha256Hasher } from "../../crypto/index.ts";
import { FILE_FLUSH_BYTES } from "../limits.ts";
import { hashInto } from "./content-hash.ts";
import type { FileContent } from "./file-content.ts";
import type { FileReceiver } from "./file-vault.ts";

/** `known`: it was here already. `gap`: one before it is missing. `foreign`: it is none of this file. */
export type Taken = "taken" | "known" | "gap" | "foreign";

export interface IncomingFileOptions {
  readonly content: FileContent;
  readonly receiver: FileReceiver;
  /** That many bytes are in the vault; `durable` of them survive a crash. */
  readonly onWritten: (bytes: number, durable: number) => void;
  /** The vault failed: nothing more is taken. */
  readonly onFailed: (error: unknown) => void;
}

/** A file on its way into the vault: chunks in their order, whichever way they come. */
export class IncomingFile {
  readonly #options: IncomingFileOptions;
  /** Index of the chunk that comes next. */
  #next: number;
  /** Bytes of the next chunk that are here already: a crash cut it off. */
  #surplus: number;
  #written: number;
  #durable: number;
  #hasher: ReturnType<typeof sha256Hasher> | undefined;
  #pending: Uint8Array[] = [];
  #work: Promise<void> | undefined;
  #flushAsked = false;
  #failed = false;
  #closed = false;

  constructor(options: IncomingFileOptions) {
    this.#options = options;
    const { content, receiver } = options;
    this.#written = receiver.length;
    this.#durable = receiver.length;
    const whole = receiver.length >= content.size && content.size > 0;
    this.#next = whole ? content.chunks : Math.floor(receiver.length / content.chunkBytes);
    this.#surplus = whole ? 0 : receiver.length - content.offsetOf(this.#next);
    // What was here before the program started is read again for the hash, at the end.
    this.#hasher = receiver.length === 0 ? sha256Hasher() : undefined;
  }

  get content(): FileContent {
    return this.#options.content;
  }

  get next(): number {
    return this.#next;
  }

  /** Bytes in the vault. */
  get written(): number {
    return this.#written;
  }

  get durable(): number {
    return this.#durable;
  }

  /** All chunks have come; the last may be on its way into the vault. */
  get hasAll(): boolean {
    return this.#next >= this.#options.content.chunks;
  }

  /** What came is not written yet: the disk is what others wait for. */
  get isBusy(): boolean {
    return this.#work !== undefined;
  }

  take(index: number, sealed: Uint8Array): Taken {
    if (this.#closed || this.#failed) return "gap";
    if (index < this.#next) return "known";
    if (index > this.#next) return "gap";
    const opened = this.#options.content.opened(index, sealed);
    if (opened === undefined) return "foreign";
    this.#next += 1;
    const plaintext = this.#surplus === 0 ? opened : opened.subarray(this.#surplus);
    this.#surplus = 0;
    this.#hasher?.update(plaintext);
    this.#pending.push(plaintext);
    this.#work ??= this.#write();
    return "taken";
  }

  /** Resolves once everything that was taken survives a crash. False where the vault failed. */
  async flush(): Promise<boolean> {
    const isIdle = this.#work === undefined && this.#durable === this.#written;
    if (this.#closed || isIdle) return !this.#failed;
    this.#flushAsked = true;
    while (!this.#failed && (this.#work !== undefined || this.#flushAsked)) {
      this.#work ??= this.#write();
      await this.#work;
    }
    return !this.#failed;
  }

  /**
   * Compares, and hands the file over to the vault as whole.
   * @param sha256 base64 @returns false where it is another file @throws FileError
   */
  async finish(sha256: string): Promise<boolean> {
    const { content, receiver } = this.#options;
    const hasher = this.#hasher ?? sha256Hasher();
    if (this.#hasher === undefined) await hashInto(hasher, receiver, content.size);
    if (encodeBase64(hasher.digest()) !== sha256) return false;
    await receiver.finish();
    this.#closed = true;
    return true;
  }

  /** Lets go of it; what was written stays. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#failed) await this.flush();
    this.#closed = true;
    try {
      await this.#options.receiver.close();
    } catch (error) {
      if (!this.#failed) this.#options.onFailed(error);
    }
  }

  async #write(): Promise<void> {
    const { onFailed, onWritten, receiver } = this.#options;
    try {
      // What else comes in this tick goes with it.
      await Promise.resolve();
      while (this.#pending.length > 0 || this.#flushAsked) {
        const pieces = this.#pending;
        this.#pending = [];
        for (const piece of pieces) {
          const { length } = piece;
          await receiver.append(piece);
          freeBytes(piece);
          this.#written += length;
        }
        if (this.#flushAsked || this.#written - this.#durable >= FILE_FLUSH_BYTES) {
          this.#flushAsked = this.#pending.length > 0 && this.#flushAsked;
          const { length } = receiver;
          await receiver.flush();
          this.#durable = length;
        }
        onWritten(this.#written, this.#durable);
      }
    } catch (error) {
      this.#failed = true;
      this.#flushAsked = false;
      this.#pending = [];
      this.#hasher = undefined;
      onFailed(error);
    } finally {
      this.#work = undefined;
    }
  }
}
