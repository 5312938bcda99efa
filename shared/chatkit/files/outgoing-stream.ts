import {
  FILE_CHUNK_HEADER_BYTES,
  frameFileChunk,
  type FileId,
  type FileRefusal,
  type MessageId,
} from "../../protocol/index.ts";
import { CHUNK_TAG_BYTES, encodeBase64, freeBytes, sha256Hasher } from "../../crypto/index.ts";
import type { Link } from "../link.ts";
import type { FileContent } from "./file-content.ts";
import { FileError, type FileSource } from "./file-vault.ts";
import type { FrameSource } from "./link-pump.ts";

/** Chunks that are read at once, and how many of them wait to be sent at the most. */
const READ_CHUNKS = 8;
const MAX_READ_AHEAD = 16;

export interface OutgoingStreamOptions {
  readonly link: Link;
  /** The asker's number. */
  readonly stream: number;
  readonly messageId: MessageId;
  readonly fileId: FileId;
  readonly content: FileContent;
  readonly source: FileSource;
  /** Index of the first chunk that was asked for. */
  readonly from: number;
  readonly upTo: number;
  /** Base64, where it is known: the source is then not hashed again. */
  readonly sha256: string | undefined;
  /** Of the source, where it could not be hashed on the way. @throws FileError */
  readonly hash: () => Promise<string>;
  /** There may be a frame to take now. */
  readonly onReady: () => void;
  /** How many bytes of the content were handed to the link. */
  readonly onProgress: (bytes: number) => void;
  /** All was sent. */
  readonly onEnd: (sha256: string) => void;
  readonly onFailed: (why: FileRefusal, error: unknown) => void;
}

/** The chunks of one file on their way to one device that asked for them. */
export class OutgoingStream implements FrameSource {
  readonly options: OutgoingStreamOptions;
  #next: number;
  #upTo: number;
  /** Index of the chunk to be read next. */
  #toRead: number;
  /** What was read and is not sent yet, as it was read, and how many bytes of the first are sent. */
  readonly #read: Uint8Array[] = [];
  #sentOfFirst = 0;
  /** What was read before, and is sent: memory for what comes next. */
  #spare: Uint8Array | undefined;
  /** Every frame in its turn: a link has sent it, or has a copy, before the next is asked for. */
  readonly #frame: Uint8Array;
  #reading = false;
  readonly #hasher: ReturnType<typeof sha256Hasher> | undefined;
  #closed = false;

  constructor(options: OutgoingStreamOptions) {
    this.options = options;
    const { content, from, sha256, upTo } = options;
    this.#next = Math.min(from, content.chunks);
    this.#toRead = this.#next;
    this.#upTo = upTo;
    const largest = Math.min(content.chunkBytes, content.size);
    this.#frame = new Uint8Array(FILE_CHUNK_HEADER_BYTES + largest + CHUNK_TAG_BYTES);
    this.#hasher = sha256 === undefined && from === 0 ? sha256Hasher() : undefined;
  }

  /** Reads ahead; frames are there a moment later. */
  start(): void {
    if (this.#next >= this.options.content.chunks) void this.#finish();
    else this.#readAhead();
  }

  /** The asker has room for the chunks before that one. */
  permit(upTo: number): void {
    if (upTo <= this.#upTo) return;
    this.#upTo = upTo;
    this.#readAhead();
    this.options.onReady();
  }

  takeFrame(): Uint8Array | undefined {
    const { content, onProgress, stream } = this.options;
    if (this.#closed || this.#next >= this.#upTo) return undefined;
    const index = this.#next;
    const plaintext = this.#chunkRead(content.lengthOf(index));
    if (plaintext === undefined) return undefined;
    this.#next += 1;
    this.#hasher?.update(plaintext);
    const length = FILE_CHUNK_HEADER_BYTES + plaintext.length + CHUNK_TAG_BYTES;
    const frame = frameFileChunk(stream, index, this.#frame.subarray(0, length));
    content.sealed(index, plaintext, frame.subarray(FILE_CHUNK_HEADER_BYTES));
    this.#used(plaintext.length);
    onProgress(content.offsetOf(this.#next));
    if (this.#next === content.chunks) queueMicrotask(() => void this.#finish());
    else this.#readAhead();
    return frame;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#read.length = 0;
    this.#spare = undefined;
    this.options.source.close().catch(() => {
      // Nothing is read from it any more, whatever became of it.
    });
  }

  #readAhead(): void {
    const { chunks } = this.options.content;
    const isFar = this.#toRead - this.#next > MAX_READ_AHEAD - READ_CHUNKS;
    if (this.#reading || this.#closed || isFar) return;
    if (this.#toRead >= Math.min(chunks, this.#upTo)) return;
    this.#reading = true;
    void this.#readSome();
  }

  /** The next so many bytes; undefined where they are not read yet. Whole chunks are read. */
  #chunkRead(length: number): Uint8Array | undefined {
    return this.#read[0]?.subarray(this.#sentOfFirst, this.#sentOfFirst + length);
  }

  #used(length: number): void {
    this.#sentOfFirst += length;
    const [first] = this.#read;
    if (first === undefined || this.#sentOfFirst < first.length) return;
    this.#read.shift();
    this.#sentOfFirst = 0;
    this.#spare = first;
  }

  async #readSome(): Promise<void> {
    const { content, onFailed, onReady, source } = this.options;
    const from = this.#toRead;
    const to = Math.min(from + READ_CHUNKS, content.chunks, this.#upTo);
    const offset = content.offsetOf(from);
    const length = content.offsetOf(to) - offset;
    try {
      const spare = this.#spare;
      this.#spare = undefined;
      const bytes = length === 0 ? new Uint8Array(0) : await source.read(offset, length, spare);
      if (spare !== undefined && bytes.buffer !== spare.buffer) freeBytes(spare);
      if (this.#closed) return;
      if (bytes.length !== length) {
        throw new FileError("changed", "The file is shorter than it was.");
      }
      this.#read.push(bytes);
      this.#toRead = to;
    } catch (error) {
      if (!this.#closed) onFailed(refusalOf(error), error);
      return;
    } finally {
      this.#reading = false;
    }
    this.#readAhead();
    onReady();
  }

  async #finish(): Promise<void> {
    const { hash, onEnd, onFailed, sha256 } = this.options;
    try {
      const digest = this.#hasher?.digest();
      const found = digest === undefined ? (sha256 ?? (await hash())) : encodeBase64(digest);
      if (!this.#closed) onEnd(found);
    } catch (error) {
      if (!this.#closed) onFailed(refusalOf(error), error);
    }
  }
}

/** What is told to whoever asked for something that cannot be read. */
export function refusalOf(error: unknown): FileRefusal {
  return error instanceof FileError && error.reason === "changed" ? "changed" : "gone";
}
