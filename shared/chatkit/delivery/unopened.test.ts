import { expect, test } from "vitest";
import * as v from "valibot";
import { ConversationId, encodeId, MessageId, type Envelope } from "../../protocol/index.ts";
import { MAX_UNOPENED_IDS, UNREADABLE_BEFORE_TOLD } from "../limits.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { Unopened } from "./unopened.ts";

function envelope(n: number, sealing: number): Envelope {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, n);
  return {
    sequence: 1,
    after: 0,
    id: v.parse(MessageId, encodeId(id)),
    conversationId: v.parse(ConversationId, userIdOf(9)),
    from: deviceIdOf(1),
    to: deviceIdOf(2),
    sealed: new Uint8Array(40).fill(sealing),
  };
}

test("S8: the user is told once, of sealings; the same bytes again are none", () => {
  const unopened = new Unopened();
  const told: number[] = [];
  for (let sealing = 1; sealing < UNREADABLE_BEFORE_TOLD + 3; sealing++) {
    for (let copy = 0; copy < 5; copy++) {
      if (unopened.isTime(envelope(1, sealing))) told.push(sealing);
    }
  }
  expect(told).toEqual([UNREADABLE_BEFORE_TOLD]);
});

test("S8: what is remembered is bounded", () => {
  const unopened = new Unopened();
  const isTime = (n: number, sealing: number): boolean => unopened.isTime(envelope(n, sealing));
  isTime(0, 1);
  isTime(0, 2);
  for (let n = 1; n <= MAX_UNOPENED_IDS; n++) isTime(n, 1);
  expect([isTime(0, 3), isTime(0, 4), isTime(0, 5)]).toEqual([false, false, true]);
});
