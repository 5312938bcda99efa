import { concatBytes } from "@noble/hashes/utils.js";
import { KEY_BYTES } from "./identity.ts";
import { NONCE_START_BYTES, xchachaFrom, type XChaCha } from "./xchacha.ts";

/**
 * Files and backups, encrypted in chunks with a random key each, by the STREAM construction (Hoang,
 * Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-
 * Resistance", CRYPTO 2015) over XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): cutting off, moving,
 * leaving out and appending chunks is noticed, and each chunk can be opened on its own.
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 1 | version, 1 |
 * | 1 | 4 | bytes of plaintext in every chunk but the last |
 * | 5 | 19 | nonce prefix, random |
 * | 24 | | chunks: ciphertext and tag; the last has 0 to a chunk's bytes |
 *
 * A chunk's nonce is the prefix, its index (32 bits, big-endian) and 1 for the last, 0 else; the
 * header is authenticated with each.
 */
export const SEALED_HEADER_BYTES = 24;

/** Bytes that a chunk grows by. */
export const CHUNK_TAG_BYTES = 16;

/** Large enough that the tag costs nothing, small enough to be held in memory many times. */
const SEAL_CHUNK_BYTES = 64 * 1024;

/** Chunk sizes that a header may name: what is held in memory is the header's to say. */
const MIN_CHUNK_BYTES = 64;
const MAX_CHUNK_BYTES = 1024 * 1024;

const VERSION = 1;
const PREFIX_AT = 5;
const PREFIX_BYTES = 19;
const MAX_CHUNKS = 0xffff_ffff;

/** It does not open: not of this key, changed on the way, or not all of it. */
export class SealBrokenError extends Error {
  override readonly name = "SealBrokenError";
}

/** What a header says. */
export interface ChunkedSeal {
  readonly header: Uint8Array;
  readonly chunkBytes: number;
}

/**
 * A header for something new.
 * @param prefix 19 fresh random bytes
 */
export function chunkedSeal(prefix: Uint8Array, chunkBytes = SEAL_CHUNK_BYTES): ChunkedSeal {
  if (prefix.length !== PREFIX_BYTES || !isChunkSize(chunkBytes)) {
    throw new RangeError("19 random bytes and 64 bytes to 1 MiB for each chunk");
  }
  const header = new Uint8Array(SEALED_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, chunkBytes);
  header.set(prefix, PREFIX_AT);
  return { header, chunkBytes };
}

/** @returns undefined for bytes that are no header of a version known here */
export function readChunkedSeal(header: Uint8Array): ChunkedSeal | undefined {
  if (header.length !== SEALED_HEADER_BYTES || header[0] !== VERSION) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const chunkBytes = view.getUint32(1);
  return isChunkSize(chunkBytes) ? { header: header.slice(), chunkBytes } : undefined;
}

/** Bytes of what `sealStream` makes of that many. */
export function sealedSize(plaintextBytes: number, chunkBytes = SEAL_CHUNK_BYTES): number {
  const chunks = Math.max(1, Math.ceil(plaintextBytes / chunkBytes));
  return SEALED_HEADER_BYTES + plaintextBytes + chunks * CHUNK_TAG_BYTES;
}

/** The chunks of one stream, in any order. What does not change from one to the next is made once. */
export class ChunkCipher {
  readonly #seal: ChunkedSeal;
  readonly #under: ReturnType<typeof xchachaFrom>;

  /** @param key 32 bytes @throws RangeError for another length */
  constructor(key: Uint8Array, seal: ChunkedSeal) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
    this.#seal = seal;
    this.#under = xchachaFrom(key, seal.header.subarray(PREFIX_AT, PREFIX_AT + NONCE_START_BYTES));
  }

  /**
   * The same index is never sealed twice with the same key and header.
   * @param plaintext as many bytes as the header says; the last chunk may have fewer
   * @param into where it is put, just as long; new memory unless said
   */
  seal(index: number, isLast: boolean, plaintext: Uint8Array, into?: Uint8Array): Uint8Array {
    const { chunkBytes } = this.#seal;
    const isFull = plaintext.length === chunkBytes;
    if (!isFull && !(isLast && plaintext.length < chunkBytes)) {
      throw new RangeError("only the last chunk may be shorter");
    }
    return this.#of(index, isLast).encrypt(plaintext, into);
  }

  /** @returns undefined where it is not that chunk, or not the last where it should be */
  open(index: number, isLast: boolean, sealed: Uint8Array): Uint8Array | undefined {
    const { chunkBytes } = this.#seal;
    const length = sealed.length - CHUNK_TAG_BYTES;
    if (length < 0 || length > chunkBytes) return undefined;
    if (!isLast && length !== chunkBytes) return undefined;
    try {
      return this.#of(index, isLast).decrypt(sealed);
    } catch {
      // The library tells a wrong tag by throwing; there is no other cause with these lengths.
      return undefined;
    }
  }

  #of(index: number, isLast: boolean): XChaCha {
    if (!Number.isSafeInteger(index) || index < 0 || index > MAX_CHUNKS) {
      throw new RangeError("more chunks than a stream may have");
    }
    const { header } = this.#seal;
    const end = new Uint8Array(8);
    end.set(header.subarray(PREFIX_AT + NONCE_START_BYTES));
    const view = new DataView(end.buffer);
    view.setUint32(3, index);
    view.setUint8(7, isLast ? 1 : 0);
    return this.#under(end, header);
  }
}

/**
 * Seals a stream: the header, then a chunk at a time; two chunks are in memory at most.
 * @param key 32 bytes, random, for this stream alone
 * @param source in pieces of any size
 */
export async function* sealStream(
  key: Uint8Array,
  seal: ChunkedSeal,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield seal.header;
  const cipher = new ChunkCipher(key, seal);
  let index = 0;
  for await (const { piece, isLast } of cut(source, seal.chunkBytes)) {
    yield cipher.seal(index, isLast, piece);
    index += 1;
  }
}

/**
 * Opens a stream, a chunk at a time. What was yielded is genuine, but whether it was all is known
 * only when the generator ends: who needs the whole must not use a part before.
 * @throws SealBrokenError
 */
export async function* openStream(
  key: Uint8Array,
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new PieceReader(sealed);
  const seal = readChunkedSeal(await reader.read(SEALED_HEADER_BYTES));
  if (seal === undefined) {
    await reader.close();
    throw new SealBrokenError("no header of a known version");
  }
  const cipher = new ChunkCipher(key, seal);
  let index = 0;
  for await (const { piece, isLast } of reader.cut(seal.chunkBytes + CHUNK_TAG_BYTES)) {
    const opened = cipher.open(index, isLast, piece);
    if (opened === undefined) throw new SealBrokenError(`chunk ${index} does not open`);
    yield opened;
    index += 1;
  }
}

function isChunkSize(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= MIN_CHUNK_BYTES && bytes <= MAX_CHUNK_BYTES;
}

function cut(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Piece> {
  return new PieceReader(source).cut(bytes);
}

interface Piece {
  readonly piece: Uint8Array;
  readonly isLast: boolean;
}

/** Reads pieces of any size as pieces of one size. */
class PieceReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #pending: Uint8Array[] = [];
  #length = 0;
  #hasEnded = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** That many bytes, or what is left. */
  async read(bytes: number): Promise<Uint8Array> {
    await this.#fill(bytes);
    const all = concatBytes(...this.#pending);
    const piece = all.slice(0, bytes);
    const rest = all.subarray(piece.length);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return piece;
  }

  /** The last piece has 0 to `bytes` bytes and is there even of nothing. */
  async *cut(bytes: number): AsyncGenerator<Piece, void, undefined> {
    try {
      for (;;) {
        // One byte more than a piece tells whether it is the last.
        await this.#fill(bytes + 1);
        const isLast = this.#length <= bytes;
        yield { piece: await this.read(bytes), isLast };
        if (isLast) return;
      }
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(bytes: number): Promise<void> {
    while (this.#length < bytes && !this.#hasEnded) {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#hasEnded = true;
      } else {
        this.#pending.push(next.value);
        this.#length += next.value.length;
      }
    }
  }
}
