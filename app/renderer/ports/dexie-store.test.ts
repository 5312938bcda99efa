import "fake-indexeddb/auto";
import { Dexie } from "dexie";
import * as v from "valibot";
import { afterEach, expect, test, vi } from "vitest";
import type { Log } from "../../../shared/chatkit/ports.ts";
import type { StoreWrite } from "../../../shared/chatkit/store.ts";
import { storeContract } from "../../../shared/chatkit/testing/store-contract.ts";
import { ConversationId } from "../../../shared/protocol/index.ts";
import { createDexieStores } from "./dexie-store.ts";

const account = "https://host:8443/ada";
const conversationId = v.parse(ConversationId, `c${"0".repeat(20)}A`);
const ignore = () => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

async function deleteDatabases(): Promise<void> {
  for (const name of await Dexie.getDatabaseNames()) await Dexie.delete(name);
}

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await deleteDatabases();
});

storeContract("Dexie", () =>
  Promise.resolve({
    opener: createDexieStores(log),
    [Symbol.asyncDispose]: deleteDatabases,
  }),
);

test("an open account is locked for other windows, and free afterwards", async () => {
  const opener = createDexieStores(log);
  {
    await using store = await opener.open(account);
    await store.commit([]);
    await expect(opener.open(account)).rejects.toMatchObject({ reason: "locked" });
  }
  await using again = await opener.open(account);
  expect(await again.value("k")).toBeUndefined();
});

test("a window that lets go in time is waited for", async () => {
  const opener = createDexieStores(log);
  const first = await opener.open(account);
  const second = opener.open(account);
  await first[Symbol.asyncDispose]();
  await using store = await second;
  expect(await store.value("k")).toBeUndefined();
});

test("without Web Locks it opens all the same and says so", async () => {
  vi.stubGlobal("navigator", {});
  const warn = vi.spyOn(log, "warn");
  await using store = await createDexieStores(log).open(account);
  await store.commit([]);
  expect(warn).toHaveBeenCalledOnce();
});

test("closing is no error in the log", async () => {
  const error = vi.spyOn(log, "error");
  const store = await createDexieStores(log).open(account);
  await store[Symbol.asyncDispose]();
  expect(error).not.toHaveBeenCalled();
});

test("a full storage is told as full, and nothing of the batch stays", async () => {
  await using store = await createDexieStores(log).open(account);
  await store.commit([{ type: "put-value", key: "old", value: "v" }]);
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const writes: StoreWrite[] = [
    { type: "delete-value", key: "old" },
    { type: "put-value", key: "new", value: "v" },
  ];
  await expect(store.commit(writes)).rejects.toMatchObject({ name: "StoreError", reason: "full" });
  expect(await store.value("old")).toBe("v");
});

test("storage that the browser forbids is told as forbidden", async () => {
  vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("storage is off", "SecurityError");
  });
  await expect(createDexieStores(log).open(account)).rejects.toMatchObject({
    reason: "forbidden",
  });
  vi.restoreAllMocks();
  await using store = await createDexieStores(log).open(account);
  expect(await store.value("k")).toBeUndefined();
});

test("a history of a newer version is refused", async () => {
  const newer = new Dexie(`beeline:${account}`);
  newer.version(99).stores({ values: "key", somethingNew: "id" });
  await newer.open();
  newer.close();
  await expect(createDexieStores(log).open(account)).rejects.toThrow(/newer version/);
});

test("a newer window that upgrades the history gets it", async () => {
  const store = await createDexieStores(log).open(account);
  const newer = new Dexie(`beeline:${account}`);
  newer.version(99).stores({ values: "key", somethingNew: "id" });
  await newer.open();
  newer.close();
  await expect(store.commit([])).rejects.toMatchObject({ name: "StoreError" });
});

test("HI10: a history of version 1 is upgraded as it is, and found by its new places", async () => {
  const older = new Dexie("beeline:https://host:8443/old");
  older.version(1).stores({
    values: "key",
    conversations: "conversationId",
    messages: "id, [conversationId+order]",
    outbox: "++position, &id",
  });
  await older.open();
  const rows = Array.from({ length: 250 }, (_, n) => ({
    id: `m${String(n).padStart(20, "0")}A`,
    conversationId,
    order: String(n).padStart(16, "0"),
    body: n % 10 === 0 ? { type: "file", name: `file ${n}` } : { type: "text", text: `text ${n}` },
  }));
  await older.table("messages").bulkAdd(rows);
  await older.table("values").add({ key: "k", value: "v" });
  older.close();

  await using store = await createDexieStores(log).open("https://host:8443/old");
  expect(await store.value("k")).toBe("v");
  expect(await store.messages(conversationId, { limit: 1000 })).toEqual(rows);
  expect(await store.recent({ limit: 3 })).toEqual(rows.slice(-3).toReversed());
  const files = await store.files(conversationId, { limit: 1000 });
  expect(files).toEqual(rows.filter((_, n) => n % 10 === 0));
});
