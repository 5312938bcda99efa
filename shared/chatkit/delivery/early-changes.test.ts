import { expect, test } from "vitest";
import * as v from "valibot";
import { encodeId, ID_BYTES, MessageId } from "../../protocol/index.ts";
import { ConversationBook } from "../conversations/conversation-book.ts";
import { directConversationId } from "../conversations/conversation-id.ts";
import { MAX_EARLY_CHANGES } from "../limits.ts";
import type { MessageRecord } from "../store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { Changes, type Change } from "./changes.ts";
import { Journal } from "./journal.ts";
import { encodeOrder } from "./order.ts";
import { Outbox } from "./outbox.ts";

const own = userIdOf(1);

function messageId(n: number): MessageId {
  const bytes = new Uint8Array(ID_BYTES);
  new DataView(bytes.buffer).setUint32(0, n);
  return v.parse(MessageId, encodeId(bytes));
}

function bench() {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const journal = new Journal(store, clock, () => {});
  const ignore = (): void => undefined;
  const outbox = new Outbox({
    journal,
    clock,
    self: () => own,
    isRead: () => false,
    onEnded: ignore,
    onGivenUp: () => [],
    onChanged: ignore,
  });
  const book = new ConversationBook(() => own);
  const changes = new Changes({ store, journal, book, outbox, onMessageChanged: ignore });
  return { store, changes };
}

/** The `n`th change of that person's device, to a message that is not here. */
function change(by: number, n: number, of = n): Change {
  const order = encodeOrder({ ms: 1_000, counter: n % 1_000 }, deviceIdOf(by));
  return {
    id: messageId(10_000 * by + n),
    conversationId: directConversationId(own, userIdOf(by)),
    by: userIdOf(by),
    order,
    at: 1_000,
    body: { type: "recall", of: messageId(of) },
  };
}

test("E4: so many changes wait and no more; somebody's many make nobody else's go", async () => {
  const { changes, store } = bench();
  const bens = change(2, 1, 777_777);
  await changes.take(bens);
  for (let n = 1; n <= MAX_EARLY_CHANGES + 20; n++) await changes.take(change(3, n));
  const kept = await store.values("early-change/");
  expect(kept.size).toBe(MAX_EARLY_CHANGES);
  expect(kept.has(`early-change/${change(3, 21).id}`)).toBe(false);
  expect(kept.has(`early-change/${change(3, 22).id}`)).toBe(true);
  const message: MessageRecord = {
    id: bens.body.of,
    conversationId: bens.conversationId,
    from: { userId: bens.by, deviceId: deviceIdOf(2) },
    own: false,
    order: encodeOrder({ ms: 999, counter: 0 }, deviceIdOf(2)),
    sentAt: 999,
    receivedAt: 1_000,
    body: { type: "text", text: "taken back" },
    delivery: { state: "received", path: "relayed" },
  };
  expect(await changes.arrived(message)).toMatchObject({ body: { type: "recalled" } });
});
