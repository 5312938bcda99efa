/*
 * TLS presentation language as MLS uses it (RFC 9420 §2.1), written and read in place: for the one
 * kind of message that there is a lot of.
 */

/** Bytes of a vector with its length in front (§2.1.2). */
export function vectorBytes(length: number): number {
  return lengthBytes(length) + length;
}

function lengthBytes(length: number): 1 | 2 | 4 {
  if (length < 64) return 1;
  return length < 16384 ? 2 : 4;
}

/** Fills an array of the right size from front to back. */
export class TlsWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  uint8(value: number): this {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }

  uint16(value: number): this {
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
    return this;
  }

  uint32(value: number): this {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
    return this;
  }

  uint64(value: bigint): this {
    this.#view.setBigUint64(this.#at, value);
    this.#at += 8;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** @throws RangeError of 1 GiB or more */
  vector(bytes: Uint8Array): this {
    return this.vectorLength(bytes.length).raw(bytes);
  }

  /** The length alone, of a vector that is written next. @throws RangeError of 1 GiB or more */
  vectorLength(length: number): this {
    switch (lengthBytes(length)) {
      case 1:
        return this.uint8(length);
      case 2:
        return this.uint16(0x4000 | length);
      case 4:
        if (length >= 0x40000000) throw new RangeError("longer than a vector can be");
        return this.uint32(0x80000000 + length);
    }
  }
}

/** Reads from front to back; what it gives out points into the array. Every method may throw. */
export class TlsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** How much is read. */
  get at(): number {
    return this.#at;
  }

  /** @throws RangeError past the end, as all below */
  uint8(): number {
    const value = this.#view.getUint8(this.#at);
    this.#at += 1;
    return value;
  }

  uint16(): number {
    const value = this.#view.getUint16(this.#at);
    this.#at += 2;
    return value;
  }

  uint32(): number {
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  uint64(): bigint {
    const value = this.#view.getBigUint64(this.#at);
    this.#at += 8;
    return value;
  }

  /** @throws RangeError also for a length that is not written as short as it can be (§2.1.2) */
  vector(): Uint8Array {
    const first = this.#view.getUint8(this.#at);
    const width = first < 0x40 ? 1 : first < 0x80 ? 2 : 4;
    if (first >= 0xc0) throw new RangeError("no length of a vector");
    const length =
      width === 1
        ? this.uint8()
        : width === 2
          ? this.uint16() & 0x3fff
          : this.uint32() & 0x3fffffff;
    if (lengthBytes(length) !== width) throw new RangeError("a length that is too long");
    return this.raw(length);
  }

  raw(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("past the end");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
