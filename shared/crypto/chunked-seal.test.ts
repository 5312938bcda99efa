import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  chunkedSeal,
  CHUNK_TAG_BYTES,
  ChunkCipher,
  openStream,
  readChunkedSeal,
  SealBrokenError,
  SEALED_HEADER_BYTES,
  sealedSize,
  sealStream,
} from "./chunked-seal.ts";

const KEY = new Uint8Array(32).fill(7);
const PREFIX = Uint8Array.from({ length: 19 }, (_, index) => index);
const CHUNK = 64;
const SEALED_CHUNK = CHUNK + CHUNK_TAG_BYTES;
const seal = chunkedSeal(PREFIX, CHUNK);

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return concatBytes(...pieces);
}

async function sealed(plaintext: Uint8Array): Promise<Uint8Array> {
  return await all(sealStream(KEY, seal, pieces(plaintext, 50)));
}

const opened = async (bytes: Uint8Array, size = 50) =>
  await all(openStream(KEY, pieces(bytes, size)));

const plaintexts = fc.oneof(
  fc.uint8Array({ maxLength: 5 * CHUNK }),
  fc.nat({ max: 4 }).map((chunks) => new Uint8Array(chunks * CHUNK).fill(chunks)),
);

test("whatever the pieces it comes in, it opens to what was sealed", async () => {
  await fc.assert(
    fc.asyncProperty(
      plaintexts,
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      async (plaintext, sizeIn, sizeOut) => {
        const bytes = await all(sealStream(KEY, seal, pieces(plaintext, sizeIn)));
        expect(bytes).toHaveLength(sealedSize(plaintext.length, CHUNK));
        expect(await opened(bytes, sizeOut)).toEqual(plaintext);
      },
    ),
  );
});

test("a changed bit, wherever it is, is noticed", async () => {
  await fc.assert(
    fc.asyncProperty(plaintexts, fc.nat(), fc.nat({ max: 7 }), async (plaintext, at, bit) => {
      const bytes = await sealed(plaintext);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      await expect(opened(bytes)).rejects.toThrow(SealBrokenError);
    }),
  );
});

test("cut off anywhere, also between chunks, and with anything appended, it does not open", async () => {
  await fc.assert(
    fc.asyncProperty(
      plaintexts,
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 2 * SEALED_CHUNK }),
      async (plaintext, at, tail) => {
        const bytes = await sealed(plaintext);
        await expect(opened(bytes.subarray(0, at % bytes.length))).rejects.toThrow(SealBrokenError);
        await expect(opened(concatBytes(bytes, tail))).rejects.toThrow(SealBrokenError);
      },
    ),
  );
});

test("chunks that change places, are left out, doubled or of another stream do not open", async () => {
  const plaintext = new Uint8Array(4 * CHUNK).fill(1);
  const bytes = await sealed(plaintext);
  const header = bytes.subarray(0, SEALED_HEADER_BYTES);
  const chunks = [0, 1, 2, 3].map((index) =>
    bytes.subarray(
      SEALED_HEADER_BYTES + index * SEALED_CHUNK,
      SEALED_HEADER_BYTES + (index + 1) * SEALED_CHUNK,
    ),
  );
  const orders = [[1, 0, 2, 3], [0, 2, 3], [0, 1, 1, 2, 3], [0, 1, 3, 2], [0, 1, 2], [3], []];
  for (const order of orders) {
    const changed = concatBytes(header, ...order.map((index) => chunks[index] ?? header));
    await expect(opened(changed)).rejects.toThrow(SealBrokenError);
  }
  const other = chunkedSeal(new Uint8Array(19), CHUNK);
  await expect(opened(concatBytes(other.header, ...chunks))).rejects.toThrow(SealBrokenError);
  await expect(all(openStream(new Uint8Array(32), pieces(bytes, 50)))).rejects.toThrow(
    SealBrokenError,
  );
});

test("a chunk is opened on its own, under its own index only", () => {
  const cipher = new ChunkCipher(KEY, seal);
  const first = cipher.seal(0, false, new Uint8Array(CHUNK));
  expect(cipher.open(0, false, first)).toEqual(new Uint8Array(CHUNK));
  expect(cipher.open(1, false, first)).toBeUndefined();
  expect(cipher.open(0, true, first)).toBeUndefined();
  expect(() => cipher.seal(0, false, new Uint8Array(CHUNK - 1))).toThrow(RangeError);
  expect(() => cipher.seal(0, true, new Uint8Array(CHUNK + 1))).toThrow(RangeError);
  expect(() => cipher.seal(2 ** 32, true, new Uint8Array(0))).toThrow(RangeError);
  expect(() => new ChunkCipher(KEY.subarray(1), seal)).toThrow(RangeError);
});

test("a source that fails is passed on, and a reader that stops early closes its source", async () => {
  let isClosed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(CHUNK);
    } finally {
      isClosed = true;
    }
  }
  let taken = 0;
  for await (const chunk of sealStream(KEY, seal, endless())) {
    taken += chunk.length;
    if (taken > 1000) break;
  }
  expect(isClosed).toBe(true);
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw new RangeError("disk");
  }
  await expect(all(sealStream(KEY, seal, failing()))).rejects.toThrow("disk");
});

test("random bytes are no sealed stream", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      await expect(opened(bytes)).rejects.toThrow(SealBrokenError);
    }),
  );
  expect(readChunkedSeal(chunkedSeal(PREFIX).header)).toMatchObject({ chunkBytes: 65_536 });
  const huge = chunkedSeal(PREFIX).header;
  huge.set([0xff, 0xff, 0xff, 0xff], 1);
  expect(readChunkedSeal(huge)).toBeUndefined();
});

test("known answer: the layout of version 1 stays", async () => {
  const plaintext = Uint8Array.from({ length: CHUNK + 3 }, (_, index) => index);
  const bytes = await sealed(plaintext);
  const header = hexToBytes(`0100000040${bytesToHex(PREFIX)}`);
  const nonce = (tail: string) => concatBytes(PREFIX, hexToBytes(tail));
  expect(bytes).toEqual(
    concatBytes(
      header,
      xchacha20poly1305(KEY, nonce("0000000000"), header).encrypt(plaintext.subarray(0, CHUNK)),
      xchacha20poly1305(KEY, nonce("0000000101"), header).encrypt(plaintext.subarray(CHUNK)),
    ),
  );
  expect(bytesToHex(bytes)).toBe(
    "0100000040000102030405060708090a0b0c0d0e0f101112" +
      "f566bd49d7db20470a771f86232f3ff731ef0b982e903129600a75eaef748200" +
      "3f44d5645c5d9385ef01d4dc86ff8adaa6c58855945b606eaf98c8bae4a76f7e" +
      "de3ad6a885f6be4a6cafa9ee228675d9" +
      "7171a21a11fe2b572f6474ec60848983689ca5",
  );
});
