import { beforeEach, expect, test } from "vitest";
import {
  decodeLinkControl,
  encodeLinkControl,
  PING_TOKEN_BYTES,
  type LinkControl,
} from "../../protocol/index.ts";
import { LINK_PING_TIMEOUT_MS, PONG_EVERY_MS, PONGS_AT_ONCE } from "../limits.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { rejection } from "../testing/rejection.ts";
import { ScriptedLink } from "../testing/scripted-link.ts";
import { MemoryLog, seededRandom } from "../testing/test-ports.ts";
import type { Link } from "../link.ts";
import { LinkPings } from "./link-pings.ts";

let clock: FakeClock;
let link: ScriptedLink;
let pings: LinkPings;
let pongs: number[];
let sealed: Uint8Array[];

beforeEach(() => {
  clock = new FakeClock();
  link = new ScriptedLink();
  pongs = [];
  sealed = [];
  pings = new LinkPings({
    ports: { clock, random: seededRandom(3), log: new MemoryLog() },
    onPong: (_, ms) => pongs.push(ms),
    onSealed: (_, bytes) => sealed.push(bytes),
  });
});

const ping = (n: number): Uint8Array =>
  encodeLinkControl({ type: "ping", token: new Uint8Array(PING_TOKEN_BYTES).fill(n) });

/** The other end answers so much later, as if over that link. */
function answerAfter(ms: number, by: Link = link): void {
  link.onSend = (frame) => {
    const control = decodeLinkControl(frame);
    if (control?.type !== "ping") return;
    clock.setTimer(() => {
      pings.take(by, encodeLinkControl({ type: "pong", token: control.token }));
    }, ms);
  };
}

function sent(): (LinkControl | undefined)[] {
  return link.sent.map((frame) => decodeLinkControl(frame));
}

test("L1: a ping is answered with its own bytes", () => {
  pings.take(link, ping(7));
  expect(sent()).toEqual([{ type: "pong", token: new Uint8Array(PING_TOKEN_BYTES).fill(7) }]);
});

test("L2: so many pings are answered at once, then one for each interval", async () => {
  for (let n = 0; n < 2 * PONGS_AT_ONCE; n += 1) pings.take(link, ping(n));
  expect(link.sent).toHaveLength(PONGS_AT_ONCE);
  await clock.advance(PONG_EVERY_MS - 1);
  pings.take(link, ping(1));
  expect(link.sent).toHaveLength(PONGS_AT_ONCE);
  await clock.advance(1);
  pings.take(link, ping(1));
  pings.take(link, ping(1));
  expect(link.sent).toHaveLength(PONGS_AT_ONCE + 1);
  // Each link has its own measure.
  const other = new ScriptedLink("direct", 3);
  pings.take(other, ping(1));
  expect(other.sent).toHaveLength(1);
});

test("L1: a pong tells the round trip, to all who asked meanwhile", async () => {
  answerAfter(40);
  const both = Promise.all([pings.ping(link), pings.ping(link)]);
  await clock.advance(40);
  await expect(both).resolves.toEqual([40, 40]);
  expect(link.sent).toHaveLength(1);
  expect(pongs).toEqual([40]);
  expect(clock.pendingTimers).toBe(0);
  void pings.ping(link);
  await clock.advance(40);
  expect(link.sent).toHaveLength(2);
});

test("L1: a ping without an answer ends in time, and a late answer is none", async () => {
  answerAfter(LINK_PING_TIMEOUT_MS + 1);
  const silent = rejection(pings.ping(link));
  await clock.advance(LINK_PING_TIMEOUT_MS);
  expect(await silent).toMatchObject({ reason: "silent" });
  await clock.advance(1);
  expect(pongs).toEqual([]);
});

test("L1: a pong over another link, or with other bytes, answers nothing", async () => {
  answerAfter(10, new ScriptedLink("relay"));
  const silent = rejection(pings.ping(link));
  await clock.advance(20);
  const token = new Uint8Array(PING_TOKEN_BYTES).fill(9);
  pings.take(link, encodeLinkControl({ type: "pong", token }));
  expect(pongs).toEqual([]);
  await clock.advance(LINK_PING_TIMEOUT_MS);
  expect(await silent).toMatchObject({ reason: "silent" });
});

test("L1: a link that ends, or has ended, answers no ping", async () => {
  const cut = rejection(pings.ping(link));
  pings.forget(link);
  expect(await cut).toMatchObject({ reason: "closed" });
  link.close();
  expect(await rejection(pings.ping(link))).toMatchObject({ reason: "closed" });
  // A ping that came with the last frames.
  pings.take(link, ping(1));
  expect(clock.pendingTimers).toBe(0);
});

test("L3: what is sealed is handed on; what is broken or unknown is dropped", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  pings.take(link, encodeLinkControl({ type: "sealed", sealed: bytes }));
  expect(sealed.map((one) => [...one])).toEqual([[1, 2, 3]]);
  pings.take(link, Uint8Array.of(0x81, 1));
  pings.take(link, Uint8Array.of(0x82));
  pings.take(link, Uint8Array.of(0xff, 1, 2));
  expect(link.sent).toEqual([]);
});
