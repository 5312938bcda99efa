import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  LINK_HIGH_WATER_BYTES,
  LinkError,
  MAX_LINK_BUFFER_BYTES,
  MAX_LINK_FRAME_BYTES,
  type Link,
  type LinkCloseReason,
} from "../link.ts";

/** One side of a link, and all that its handlers were told. */
export interface LinkSide {
  readonly link: Link;
  readonly frames: Uint8Array[];
  readonly closed: LinkCloseReason[];
  readonly drains: () => number;
}

/** Two sides of one open link. */
export interface LinkPair {
  readonly a: LinkSide;
  readonly b: LinkSide;
  /** Waits until the condition holds; fails after some seconds. */
  readonly until: (condition: () => boolean) => Promise<void>;
  /** Frames of `a` stay in this machine from now on, or go on. Absent where it can't be staged. */
  readonly stall?: (stalled: boolean) => void;
  readonly dispose: () => Promise<void>;
}

/** What every link must do (link.ts), whatever carries it. */
export function describeLink(name: string, openPair: () => Promise<LinkPair>): void {
  describe(`link contract: ${name}`, () => {
    let pair: LinkPair;

    beforeEach(async () => {
      pair = await openPair();
    });

    afterEach(() => pair.dispose());

    test("frames arrive whole and in order, both ways", async () => {
      const { a, b, until } = pair;
      for (let n = 0; n < 100; n += 1) {
        a.link.send(numbered(n, n + 4));
        b.link.send(numbered(1000 + n, 4));
      }
      await until(() => b.frames.length === 100 && a.frames.length === 100);
      expect(b.frames.map(numberOf)).toEqual(Array.from({ length: 100 }, (_, n) => n));
      expect(b.frames.map((frame) => frame.length)).toEqual(
        Array.from({ length: 100 }, (_, n) => n + 4),
      );
      expect(a.frames.map(numberOf)).toEqual(Array.from({ length: 100 }, (_, n) => 1000 + n));
    });

    test("a frame of one byte and the largest frame arrive unchanged", async () => {
      const { a, b, until } = pair;
      const largest = Uint8Array.from({ length: MAX_LINK_FRAME_BYTES }, (_, n) => (n * 31) & 0xff);
      a.link.send(Uint8Array.of(7));
      a.link.send(largest);
      await until(() => b.frames.length === 2);
      expect([...(b.frames[0] ?? [])]).toEqual([7]);
      expect(sameBytes(b.frames[1], largest)).toBe(true);
    });

    test("a frame is its sender's again: what becomes of it then changes nothing", async () => {
      const { a, b, stall, until } = pair;
      const scratch = new Uint8Array(32 * 1024);
      const frames = LINK_HIGH_WATER_BYTES / scratch.length + 16;
      // Some of them wait in the link itself. Below 128: such a first byte is an envelope's.
      stall?.(true);
      for (let n = 0; n < frames; n += 1) {
        scratch.fill(n % 100);
        a.link.send(scratch);
      }
      scratch.fill(0xff);
      stall?.(false);
      await until(() => b.frames.length === frames);
      for (const [n, frame] of b.frames.entries()) {
        expect([frame[0], frame.at(-1)]).toEqual([n % 100, n % 100]);
      }
    });

    test("a frame over the limit is refused and the link goes on", async () => {
      const { a, b, until } = pair;
      expect(() => a.link.send(new Uint8Array(MAX_LINK_FRAME_BYTES + 1))).toThrow(
        expect.objectContaining({ reason: "too-large" }),
      );
      a.link.send(numbered(1, 4));
      await until(() => b.frames.length === 1);
    });

    test("a large burst that heeds `writable` arrives complete", async () => {
      const { a, b, until } = pair;
      const total = 400;
      let sent = 0;
      while (sent < total) {
        while (sent < total && a.link.writable) a.link.send(numbered(sent++, 32 * 1024));
        expect(a.link.bufferedAmount).toBeLessThan(LINK_HIGH_WATER_BYTES + MAX_LINK_FRAME_BYTES);
        await until(() => a.link.writable);
      }
      await until(() => b.frames.length === total);
      expect(b.frames.map(numberOf)).toEqual(Array.from({ length: total }, (_, n) => n));
    });

    test("a link that is full says so, refuses at its bound, drains, and loses nothing", async () => {
      const { a, b, until, stall } = pair;
      stall?.(true);
      let sent = 0;
      let refused: unknown;
      let fullAt: number | undefined;
      // One turn of the event loop: nothing drains meanwhile, stalled or not.
      while (refused === undefined && sent < 200) {
        try {
          a.link.send(numbered(sent, 64 * 1024));
          sent += 1;
          if (!a.link.writable) fullAt ??= a.link.bufferedAmount;
        } catch (error) {
          refused = error;
        }
      }
      expect(fullAt).toBeGreaterThanOrEqual(LINK_HIGH_WATER_BYTES);
      expect(fullAt).toBeLessThan(LINK_HIGH_WATER_BYTES + MAX_LINK_FRAME_BYTES);
      expect(refused).toBeInstanceOf(LinkError);
      expect(refused).toMatchObject({ reason: "overflow" });
      expect(a.link.bufferedAmount).toBeLessThanOrEqual(
        MAX_LINK_BUFFER_BYTES + LINK_HIGH_WATER_BYTES + 64 * 1024,
      );
      stall?.(false);
      await until(() => a.drains() > 0);
      expect(a.link.writable).toBe(true);
      await until(() => b.frames.length === sent);
      expect(b.frames.map(numberOf)).toEqual(Array.from({ length: sent }, (_, n) => n));
    });

    test("closing is idempotent and each side sees it once", async () => {
      const { a, b, until } = pair;
      a.link.close();
      a.link.close();
      await until(() => a.closed.length > 0 && b.closed.length > 0);
      b.link.close();
      a.link.close();
      expect(a.closed).toEqual(["closed"]);
      expect(b.closed).toEqual(["closed-by-peer"]);
    });

    test("after the close nothing can be sent, on neither side", async () => {
      const { a, b, until } = pair;
      a.link.close();
      expect(() => a.link.send(numbered(1, 4))).toThrow(
        expect.objectContaining({ reason: "closed" }),
      );
      expect(a.link.writable).toBe(false);
      await until(() => b.closed.length > 0);
      expect(() => b.link.send(numbered(1, 4))).toThrow(LinkError);
      expect(b.link.bufferedAmount).toBe(0);
    });

    test("a close with frames in flight delivers a beginning of them, each once", async () => {
      const { a, b, until } = pair;
      for (let n = 0; n < 50; n += 1) a.link.send(numbered(n, 16 * 1024));
      a.link.close();
      await until(() => b.closed.length > 0);
      const arrived = b.frames.length;
      expect(b.frames.map(numberOf)).toEqual(Array.from({ length: arrived }, (_, n) => n));
      expect(b.closed).toHaveLength(1);
    });
  });
}

function numbered(n: number, length: number): Uint8Array {
  const frame = new Uint8Array(length);
  new DataView(frame.buffer).setUint32(0, n);
  return frame;
}

function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(0);
}

/** `toEqual` on 80 KiB is slow. */
function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((byte, n) => byte === b[n]);
}
