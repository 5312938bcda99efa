import type { FileBody } from "../../protocol/index.ts";
import {
  ChunkCipher,
  decodeBase64,
  KEY_BYTES,
  readChunkedSeal,
  type ChunkedSeal,
} from "../../crypto/index.ts";
import { MIN_FILE_CHUNK_BYTES } from "../limits.ts";

/** How a file's content is cut and sealed: what its message says (SPEC F2). */
export class FileContent {
  readonly size: number;
  readonly chunkBytes: number;
  /** One at least: nothing has an empty one. */
  readonly chunks: number;
  readonly #cipher: ChunkCipher;

  private constructor(size: number, key: Uint8Array, seal: ChunkedSeal) {
    this.size = size;
    this.chunkBytes = seal.chunkBytes;
    this.chunks = Math.max(1, Math.ceil(size / seal.chunkBytes));
    this.#cipher = new ChunkCipher(key, seal);
  }

  /** @returns undefined for a seal that this version does not know, and too many chunks */
  static of({ header, key, size }: FileBody): FileContent | undefined {
    const headerBytes = bytesOf(header);
    const keyBytes = bytesOf(key);
    const seal = headerBytes && readChunkedSeal(headerBytes);
    if (seal === undefined || size > seal.chunkBytes * 2 ** 32) return undefined;
    if (seal.chunkBytes < MIN_FILE_CHUNK_BYTES && size > seal.chunkBytes) return undefined;
    return keyBytes?.length === KEY_BYTES ? new FileContent(size, keyBytes, seal) : undefined;
  }

  /** Bytes of plaintext before that chunk. */
  offsetOf(index: number): number {
    return Math.min(index * this.chunkBytes, this.size);
  }

  lengthOf(index: number): number {
    return this.offsetOf(index + 1) - this.offsetOf(index);
  }

  /** Chunks that are whole in so many bytes. */
  chunksIn(bytes: number): number {
    return bytes >= this.size && this.size > 0 ? this.chunks : Math.floor(bytes / this.chunkBytes);
  }

  /** @param into where it is put, just as long; new memory unless said */
  sealed(index: number, plaintext: Uint8Array, into?: Uint8Array): Uint8Array {
    return this.#cipher.seal(index, index === this.chunks - 1, plaintext, into);
  }

  /** @returns undefined where it is not that chunk of this file */
  opened(index: number, sealed: Uint8Array): Uint8Array | undefined {
    if (index >= this.chunks) return undefined;
    const opened = this.#cipher.open(index, index === this.chunks - 1, sealed);
    return opened?.length === this.lengthOf(index) ? opened : undefined;
  }
}

/** Some texts look like base64 and are none: bits are left over at their end. */
function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text);
  } catch {
    return undefined;
  }
}
