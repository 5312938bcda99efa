import { expect, test } from "vitest";
import * as v from "valibot";
import {
  ConversationId,
  DeviceId,
  FileId,
  MessageId,
  UserId,
  type FileBody,
} from "../../protocol/index.ts";
import type { StoreOpener } from "../ports.ts";
import {
  StoreError,
  type ConversationRecord,
  type MessagePage,
  type MessageRecord,
  type OutboxRecord,
  type Store,
} from "../store.ts";

/** An opener whose accounts are empty at first; disposing removes what it left. */
export interface StoreFixture extends AsyncDisposable {
  readonly opener: StoreOpener;
}

const account = "https://host:8443/ada";
const conversationId = v.parse(ConversationId, id("c", 1));
const otherConversationId = v.parse(ConversationId, id("c", 2));
const ada = v.parse(UserId, id("u", 1));
const ben = v.parse(UserId, id("u", 2));
const adaLaptop = v.parse(DeviceId, id("d", 1));
const benLaptop = v.parse(DeviceId, id("d", 2));

function id(kind: string, n: number): string {
  return `${kind}${String(n).padStart(20, "0")}A`;
}

function messageId(n: number): MessageId {
  return v.parse(MessageId, id("m", n));
}

function message(n: number, order: string, change: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id: messageId(n),
    conversationId,
    from: { userId: ada, deviceId: adaLaptop },
    own: true,
    order,
    sentAt: 1_700_000_000_000 + n,
    receivedAt: 1_700_000_000_500 + n,
    body: { type: "text", text: `text ${n}` },
    delivery: { state: "queued", waiting: "sending" },
    ...change,
  };
}

const file: FileBody = {
  type: "file",
  fileId: v.parse(FileId, id("f", 1)),
  name: "plan.pdf",
  mediaType: "application/pdf",
  size: 3,
  key: `${"A".repeat(43)}=`,
  header: "A".repeat(32),
};

function outboxItem(n: number): OutboxRecord {
  return {
    id: messageId(n),
    conversationId,
    peer: ben,
    sequence: n,
    content: JSON.stringify({ kind: "message", n }),
    queuedAt: 1_700_000_000_000 + n,
    recipients: [{ userId: ben, deviceId: benLaptop, after: n - 1, state: "waiting" }],
  };
}

/** Every implementation of `Store` passes these. `name` tells them apart in the report. */
export function storeContract(name: string, create: () => Promise<StoreFixture>): void {
  async function withStore(use: (store: Store, opener: StoreOpener) => Promise<void>) {
    await using fixture = await create();
    await using store = await fixture.opener.open(account);
    await use(store, fixture.opener);
  }

  async function reopened(
    write: (store: Store) => Promise<void>,
    read: (store: Store) => Promise<void>,
  ) {
    await using fixture = await create();
    {
      await using store = await fixture.opener.open(account);
      await write(store);
    }
    await using store = await fixture.opener.open(account);
    await read(store);
  }

  test(`${name}: is empty at first`, async () => {
    await withStore(async (store) => {
      expect(await store.value("x")).toBeUndefined();
      expect((await store.values("")).size).toBe(0);
      expect(await store.conversations()).toEqual([]);
      expect(await store.message(messageId(1))).toBeUndefined();
      expect(await store.messages(conversationId, { limit: 10 })).toEqual([]);
      expect(await store.outbox()).toEqual([]);
    });
  });

  test(`${name}: keeps, replaces and deletes values; the last write of a batch wins`, async () => {
    await withStore(async (store) => {
      await store.commit([
        { type: "put-value", key: "a", value: "1" },
        { type: "put-value", key: "b", value: "" },
        { type: "put-value", key: "a", value: "2" },
        { type: "put-value", key: "c", value: "3" },
        { type: "delete-value", key: "c" },
        { type: "delete-value", key: "never-there" },
      ]);
      expect(await store.value("a")).toBe("2");
      expect(await store.value("b")).toBe("");
      expect(await store.value("c")).toBeUndefined();
    });
  });

  test(`${name}: finds values by prefix, taken literally`, async () => {
    await withStore(async (store) => {
      const keys = ["k/1", "k/2", "k%", "k_/x", "K/1", "kk/1", "k/é", "k/\u{1F41D}", "k"];
      await store.commit(keys.map((key) => ({ type: "put-value", key, value: key })));
      const slash = await store.values("k/");
      expect([...slash.keys()].toSorted()).toEqual(["k/1", "k/2", "k/é", "k/\u{1F41D}"].toSorted());
      expect(slash.get("k/2")).toBe("k/2");
      expect([...(await store.values("k_")).keys()]).toEqual(["k_/x"]);
      expect([...(await store.values("k%")).keys()]).toEqual(["k%"]);
      expect((await store.values("")).size).toBe(keys.length);
    });
  });

  test(`${name}: keeps conversations, with and without their optional fields`, async () => {
    const bare: ConversationRecord = { conversationId, peer: ben, unread: 0 };
    const full: ConversationRecord = {
      conversationId: otherConversationId,
      peer: ada,
      unread: 3,
      last: {
        id: messageId(1),
        order: "018bcfe568000000x",
        body: { type: "text", text: "last" },
        from: { userId: ada, deviceId: adaLaptop },
        own: false,
        sentAt: 5,
      },
      readUpTo: "018bcfe567000000x",
    };
    await withStore(async (store) => {
      await store.commit([
        { type: "put-conversation", conversation: { ...full, unread: 1 } },
        { type: "put-conversation", conversation: bare },
        { type: "put-conversation", conversation: full },
      ]);
      const found = await store.conversations();
      expect(found).toHaveLength(2);
      expect(found.find((c) => c.conversationId === conversationId)).toEqual(bare);
      expect(found.find((c) => c.conversationId === otherConversationId)).toEqual(full);
      await store.commit([{ type: "delete-conversation", id: conversationId }]);
      expect(await store.conversations()).toEqual([full]);
    });
  });

  test(`${name}: keeps groups: conversations and messages of nobody in particular`, async () => {
    const group: ConversationRecord = { conversationId, title: "Harbour", unread: 0 };
    const { peer: _, ...item } = outboxItem(1);
    const news = message(2, "02", {
      body: {
        type: "membership",
        change: "role",
        by: ada,
        people: [ben],
        role: "admin",
      },
      delivery: { state: "received", path: "stored" },
    });
    await withStore(async (store) => {
      await store.commit([
        { type: "put-conversation", conversation: group },
        { type: "put-outbox", item },
        { type: "put-message", message: news },
      ]);
      expect(await store.conversations()).toEqual([group]);
      expect(await store.outbox()).toEqual([item]);
      expect(await store.message(news.id)).toEqual(news);
    });
  });

  test(`${name}: pages messages by order, whatever the order they came in`, async () => {
    await withStore(async (store) => {
      const orders = ["05", "01", "04", "02", "03"];
      await store.commit(
        orders.map((order) => ({
          type: "put-message",
          message: message(Number(order), order),
        })),
      );
      await store.commit([
        {
          type: "put-message",
          message: message(9, "035", { conversationId: otherConversationId }),
        },
      ]);
      const all = await store.messages(conversationId, { limit: 1000 });
      expect(all.map((m) => m.order)).toEqual(["01", "02", "03", "04", "05"]);
      const last = await store.messages(conversationId, { limit: 2 });
      expect(last.map((m) => m.order)).toEqual(["04", "05"]);
      const before = await store.messages(conversationId, { before: "04", limit: 2 });
      expect(before.map((m) => m.order)).toEqual(["02", "03"]);
      const between = await store.messages(conversationId, { before: "035", limit: 1 });
      expect(between.map((m) => m.order)).toEqual(["03"]);
      expect(await store.messages(conversationId, { before: "01", limit: 5 })).toEqual([]);
    });
  });

  test(`${name}: pages messages onwards, and between two places`, async () => {
    await withStore(async (store) => {
      await store.commit(
        ["05", "01", "04", "02", "03"].map((order) => ({
          type: "put-message",
          message: message(Number(order), order),
        })),
      );
      const orders = async (page: MessagePage) =>
        (await store.messages(conversationId, page)).map(({ order }) => order);
      expect(await orders({ after: "", limit: 2 })).toEqual(["01", "02"]);
      expect(await orders({ after: "02", limit: 2 })).toEqual(["03", "04"]);
      expect(await orders({ after: "025", limit: 1 })).toEqual(["03"]);
      expect(await orders({ after: "05", limit: 2 })).toEqual([]);
      expect(await orders({ after: "01", before: "04", limit: 10 })).toEqual(["02", "03"]);
      expect(await orders({ after: "04", before: "02", limit: 10 })).toEqual([]);
      expect(await orders({ after: "03", before: "03", limit: 10 })).toEqual([]);
    });
  });

  test(`${name}: gives the files of a conversation, and those that became none no more`, async () => {
    await withStore(async (store) => {
      const others = { conversationId: otherConversationId, body: file };
      await store.commit(
        [
          message(1, "01"),
          message(2, "02", { body: file }),
          message(3, "03", { body: file }),
          message(4, "04", { body: file }),
          message(5, "05", others),
        ].map((one) => ({ type: "put-message", message: one })),
      );
      const ids = async (page: MessagePage) =>
        (await store.files(conversationId, page)).map(({ order }) => order);
      expect(await ids({ limit: 2 })).toEqual(["03", "04"]);
      expect(await ids({ before: "03", limit: 2 })).toEqual(["02"]);
      expect(await ids({ after: "02", limit: 1 })).toEqual(["03"]);
      await store.commit([
        { type: "put-message", message: message(3, "03", { body: { type: "recalled" } }) },
        { type: "delete-message", id: messageId(2) },
      ]);
      expect(await ids({ limit: 10 })).toEqual(["04"]);
    });
  });

  test(`${name}: gives the messages of all conversations, newest first`, async () => {
    await withStore(async (store) => {
      const others = { conversationId: otherConversationId };
      await store.commit(
        [
          message(1, "01"),
          message(2, "02", others),
          message(3, "02"),
          message(4, "04", others),
          message(5, "03"),
        ].map((one) => ({ type: "put-message", message: one })),
      );
      const first = await store.recent({ limit: 3 });
      expect(first.map(({ id }) => id)).toEqual([4, 5, 3].map(messageId));
      const [, , before] = first;
      if (before === undefined) throw new Error("no third message");
      const rest = await store.recent({ before, limit: 3 });
      expect(rest.map(({ id }) => id)).toEqual([2, 1].map(messageId));
      const [, last] = rest;
      if (last === undefined) throw new Error("no last message");
      expect(await store.recent({ before: last, limit: 3 })).toEqual([]);
    });
  });

  test(`${name}: gives several messages at once, in the order asked for`, async () => {
    await withStore(async (store) => {
      const all = [message(1, "01"), message(2, "02"), message(3, "03")];
      await store.commit(all.map((one) => ({ type: "put-message", message: one })));
      const found = await store.messagesOf([3, 9, 1].map(messageId));
      expect(found).toEqual([all[2], all[0]]);
      expect(await store.messagesOf([])).toEqual([]);
    });
  });

  test(`${name}: compares order as text, upper case before lower`, async () => {
    await withStore(async (store) => {
      const orders = ["00aZ", "00aa", "00a_", "00a-", "00a0", "00A0"];
      await store.commit(
        orders.map((order, n) => ({ type: "put-message", message: message(n, order) })),
      );
      const found = await store.messages(conversationId, { limit: 10 });
      expect(found.map((m) => m.order)).toEqual(orders.toSorted());
    });
  });

  test(`${name}: replaces a message by its id, and deletes it`, async () => {
    await withStore(async (store) => {
      await store.commit([{ type: "put-message", message: message(1, "05") }]);
      const changed = message(1, "03", {
        delivery: { state: "delivered", path: "direct", reason: "link-open", at: 7 },
      });
      await store.commit([
        { type: "put-message", message: message(2, "04") },
        { type: "put-message", message: changed },
      ]);
      expect(await store.message(messageId(1))).toEqual(changed);
      const found = await store.messages(conversationId, { limit: 10 });
      expect(found.map((m) => m.order)).toEqual(["03", "04"]);
      await store.commit([
        { type: "delete-message", id: messageId(1) },
        { type: "delete-message", id: messageId(77) },
      ]);
      expect(await store.message(messageId(1))).toBeUndefined();
      expect(await store.messages(conversationId, { limit: 10 })).toHaveLength(1);
    });
  });

  test(`${name}: gives back any text and any unknown body as it was`, async () => {
    const texts = [
      "مرحبا",
      "你好",
      "👩‍👩‍👧‍👦",
      "a\u0000b",
      "'; DROP TABLE x; --",
      "\ud83d alone",
      "x".repeat(10_000),
    ];
    const body = { type: "poll", options: ["a", { deep: [1, null, true] }] };
    await withStore(async (store) => {
      await store.commit([
        ...texts.map((text, n) => ({
          type: "put-message" as const,
          message: message(n, `0${n}`, { body: { type: "text", text } }),
        })),
        { type: "put-message", message: message(50, "50", { body }) },
      ]);
      const found = await store.messages(conversationId, { limit: 100 });
      expect(found.map((m) => m.body)).toEqual([
        ...texts.map((text) => ({ type: "text", text })),
        body,
      ]);
    });
  });

  test(`${name}: keeps the outbox in the order of first putting`, async () => {
    const acknowledged: OutboxRecord = {
      ...outboxItem(3),
      recipients: [
        { userId: ben, deviceId: benLaptop, after: 2, state: "acknowledged" },
        { userId: ada, deviceId: adaLaptop, after: 0, state: "stored" },
      ],
    };
    await withStore(async (store) => {
      await store.commit([3, 1, 2].map((n) => ({ type: "put-outbox", item: outboxItem(n) })));
      await store.commit([{ type: "put-outbox", item: acknowledged }]);
      expect(await store.outbox()).toEqual([acknowledged, outboxItem(1), outboxItem(2)]);
      await store.commit([
        { type: "delete-outbox", id: messageId(1) },
        { type: "delete-outbox", id: messageId(77) },
      ]);
      expect(await store.outbox()).toEqual([acknowledged, outboxItem(2)]);
      await store.commit([
        { type: "delete-outbox", id: messageId(3) },
        { type: "put-outbox", item: outboxItem(3) },
      ]);
      expect((await store.outbox()).map((item) => item.sequence)).toEqual([2, 3]);
    });
  });

  test(`${name}: applies commits that overlap in the order of the calls`, async () => {
    await withStore(async (store) => {
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          store.commit([
            { type: "put-value", key: "last", value: String(n) },
            { type: "put-value", key: `each/${n}`, value: "" },
          ]),
        ),
      );
      expect(await store.value("last")).toBe("49");
      expect((await store.values("each/")).size).toBe(50);
    });
  });

  test(`${name}: an empty commit does nothing`, async () => {
    await withStore(async (store) => {
      await store.commit([]);
      expect((await store.values("")).size).toBe(0);
    });
  });

  test(`${name}: what was committed is there after opening again`, async () => {
    const conversation: ConversationRecord = { conversationId, peer: ben, unread: 2 };
    await reopened(
      (store) =>
        store.commit([
          { type: "put-value", key: "k", value: "v" },
          { type: "put-conversation", conversation },
          { type: "put-message", message: message(1, "01") },
          { type: "put-outbox", item: outboxItem(2) },
          { type: "put-outbox", item: outboxItem(1) },
        ]),
      async (store) => {
        expect(await store.value("k")).toBe("v");
        expect(await store.conversations()).toEqual([conversation]);
        expect(await store.message(messageId(1))).toEqual(message(1, "01"));
        expect(await store.outbox()).toEqual([outboxItem(2), outboxItem(1)]);
        // A new item still goes to the end.
        await store.commit([{ type: "put-outbox", item: outboxItem(3) }]);
        expect((await store.outbox()).map((item) => item.sequence)).toEqual([2, 1, 3]);
      },
    );
  });

  test(`${name}: accounts see nothing of each other`, async () => {
    await withStore(async (store, opener) => {
      await using other = await opener.open("https://host:8443/ben");
      await store.commit([{ type: "put-value", key: "k", value: "ada" }]);
      await other.commit([{ type: "put-value", key: "k", value: "ben" }]);
      expect(await store.value("k")).toBe("ada");
      expect(await other.value("k")).toBe("ben");
    });
  });

  test(`${name}: refuses with a StoreError once it is closed`, async () => {
    await using fixture = await create();
    const store = await fixture.opener.open(account);
    await store[Symbol.asyncDispose]();
    await expect(store.commit([])).rejects.toBeInstanceOf(StoreError);
    await expect(store.value("k")).rejects.toBeInstanceOf(StoreError);
  });
}
