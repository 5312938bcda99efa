import { expect, test } from "vitest";
import * as v from "valibot";
import { MessageId } from "../../protocol/index.ts";
import { ConversationBook } from "../conversations/conversation-book.ts";
import type { MessageRecord } from "../store.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { Journal } from "./journal.ts";
import { ReadMarks } from "./read-marks.ts";

const [ada, ben] = [userIdOf(1), userIdOf(2)];

class CountingStore extends MemoryStore {
  looks = 0;

  override message(id: MessageId): Promise<MessageRecord | undefined> {
    // Without an end it would never come back.
    if (++this.looks > 10) throw new Error("it is asked for again and again");
    return super.message(id);
  }
}

test("a mark whose message is deleted as it comes is asked for once, and waits on", async () => {
  const store = new CountingStore();
  const book = new ConversationBook(() => ada);
  const { conversationId } = book.ensure(ben);
  const readMarks = new ReadMarks({
    store,
    journal: new Journal(store, new FakeClock(), () => undefined),
    book,
    outbox: { get: () => undefined, read: () => undefined, peopleOf: () => [] },
    now: () => 0,
    showsReading: () => true,
    onMessageChanged: () => undefined,
    onConversationChanged: () => undefined,
  });
  const gone: MessageRecord = {
    id: v.parse(MessageId, userIdOf(9)),
    conversationId,
    from: { userId: ada, deviceId: deviceIdOf(1) },
    own: true,
    order: "1",
    sentAt: 0,
    receivedAt: 0,
    body: { type: "text", text: "deleted at once" },
    delivery: { state: "received", path: "stored" },
  };
  await readMarks.apply({ conversationId, upTo: gone.id, by: ben, own: false });
  await readMarks.arrived(gone);
  await flushMicrotasks();
  expect(store.looks).toBe(2);
});
