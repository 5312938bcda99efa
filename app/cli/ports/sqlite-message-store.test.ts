import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import * as v from "valibot";
import type { MessageRecord, StoreWrite } from "../../../shared/chatkit/store.ts";
import { storeContract } from "../../../shared/chatkit/testing/store-contract.ts";
import { ConversationId, DeviceId, MessageId, UserId } from "../../../shared/protocol/index.ts";
import { createSqliteStores } from "./sqlite-message-store.ts";

const account = "https://host:8443/ada";

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "beeline-store-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function onlyFile(folder: string): string {
  const [name] = readdirSync(join(folder, "accounts"));
  if (name === undefined) throw new Error("no history file");
  return join(folder, "accounts", name);
}

storeContract("SQLite", () => {
  const folder = temporaryFolder();
  return Promise.resolve({
    opener: createSqliteStores(folder.path),
    [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.dispose]()),
  });
});

test("the history is its owner's alone", async () => {
  using folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  await using store = await createSqliteStores(folder.path).open(account);
  await store.commit([{ type: "put-value", key: "k", value: "v" }]);
  expect(statSync(join(folder.path, "accounts")).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(join(folder.path, "accounts"))) {
    expect(statSync(join(folder.path, "accounts", name)).mode & 0o777).toBe(0o600);
  }
});

test("an open history is locked, in this process and for others, and free afterwards", async () => {
  using folder = temporaryFolder();
  const opener = createSqliteStores(folder.path);
  {
    await using store = await opener.open(account);
    await store.commit([]);
    await expect(opener.open(account)).rejects.toMatchObject({ reason: "locked" });
    // The refused attempt must not have ended the lock of the first.
    const file = JSON.stringify(new URL("sqlite-message-store.ts", import.meta.url).href);
    const attempt = `const { createSqliteStores } = await import(${file});
      await createSqliteStores(${JSON.stringify(folder.path)}).open(${JSON.stringify(account)})
        .then(() => console.log("opened"), (error) => console.log(error.reason));`;
    expect(await output(attempt)).toBe("locked\n");
  }
  await using again = await opener.open(account);
  expect(await again.value("k")).toBeUndefined();
});

test("what was committed survives kill -9", async () => {
  using folder = temporaryFolder();
  const file = JSON.stringify(new URL("sqlite-message-store.ts", import.meta.url).href);
  const child = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    `const { createSqliteStores } = await import(${file});
     const store = await createSqliteStores(${JSON.stringify(folder.path)}).open(${JSON.stringify(account)});
     for (let n = 0; ; n++) {
       await store.commit([{ type: "put-value", key: "n", value: String(n) }]);
       if (!process.stdout.write(n + "\\n")) await new Promise((done) => process.stdout.once("drain", done));
     }`,
  ]);
  let told = "";
  for await (const chunk of child.stdout) {
    told += String(chunk);
    if (told.split("\n").length > 200) child.kill("SIGKILL");
  }
  const last = Number(told.slice(0, told.lastIndexOf("\n")).split("\n").at(-1));
  await using store = await createSqliteStores(folder.path).open(account);
  expect(Number(await store.value("n"))).toBeGreaterThanOrEqual(last);
});

test("a file that is no database, or another program's, is damaged and stays as it is", async () => {
  using folder = temporaryFolder();
  const opener = createSqliteStores(folder.path);
  await (await opener.open(account))[Symbol.asyncDispose]();
  const file = onlyFile(folder.path);
  writeFileSync(file, "no database ".repeat(1000));
  await expect(opener.open(account)).rejects.toMatchObject({ reason: "damaged" });
  expect(statSync(file).size).toBe(12_000);

  rmSync(file);
  const foreign = new DatabaseSync(file);
  foreign.exec("CREATE TABLE theirs (x)");
  foreign.close();
  await expect(opener.open(account)).rejects.toMatchObject({ reason: "damaged" });
});

test("a history of a newer version is refused, not rewritten", async () => {
  using folder = temporaryFolder();
  const opener = createSqliteStores(folder.path);
  await (await opener.open(account))[Symbol.asyncDispose]();
  const database = new DatabaseSync(onlyFile(folder.path));
  database.exec("PRAGMA user_version = 999");
  database.close();
  await expect(opener.open(account)).rejects.toThrow(/newer version/);
});

test("HI10: a history of version 1 is upgraded as it is, and found by its new places", async () => {
  using folder = temporaryFolder();
  const opener = createSqliteStores(folder.path);
  await (await opener.open(account))[Symbol.asyncDispose]();
  const rows = Array.from({ length: 250 }, (_, n) => message(n));
  const older = new DatabaseSync(onlyFile(folder.path));
  older.exec("DROP INDEX message_by_order; DROP INDEX message_with_file; PRAGMA user_version = 1");
  const insert = older.prepare("INSERT INTO message VALUES (?, ?, ?, ?)");
  for (const row of rows) insert.run(row.id, row.conversationId, row.order, JSON.stringify(row));
  older.close();

  await using store = await opener.open(account);
  expect(await store.messages(message(0).conversationId, { limit: 1000 })).toEqual(rows);
  expect(await store.recent({ limit: 3 })).toEqual(rows.slice(-3).toReversed());
  expect(await store.files(message(0).conversationId, { limit: 3 })).toEqual([]);
});

test("a record that cannot be read is told as damage", async () => {
  using folder = temporaryFolder();
  const opener = createSqliteStores(folder.path);
  await (await opener.open(account))[Symbol.asyncDispose]();
  const database = new DatabaseSync(onlyFile(folder.path));
  database.exec(`INSERT INTO conversation VALUES ('x', '{"unread":true}')`);
  database.close();
  await using store = await opener.open(account);
  await expect(store.conversations()).rejects.toMatchObject({ reason: "damaged" });
});

test("a folder that cannot be made is forbidden", async () => {
  using folder = temporaryFolder();
  const blocked = join(folder.path, "a-file");
  writeFileSync(blocked, "");
  await expect(createSqliteStores(blocked).open(account)).rejects.toMatchObject({
    reason: "forbidden",
  });
});

test("a batch that fails in the middle leaves nothing", async () => {
  using folder = temporaryFolder();
  await using store = await createSqliteStores(folder.path).open(account);
  const broken = message(1);
  // A record that JSON cannot hold stands for any failure after the first write.
  Object.assign(broken, { body: { type: "big", n: 1n } });
  const writes: StoreWrite[] = [
    { type: "put-value", key: "k", value: "v" },
    { type: "put-message", message: broken },
  ];
  await expect(store.commit(writes)).rejects.toMatchObject({ name: "StoreError" });
  expect(await store.value("k")).toBeUndefined();
  await store.commit([{ type: "put-value", key: "k", value: "later" }]);
  expect(await store.value("k")).toBe("later");
});

test("opening and showing a history of 100,000 messages reads one page of it", async () => {
  using folder = temporaryFolder();
  const opener = createSqliteStores(folder.path);
  {
    await using store = await opener.open(account);
    for (let n = 0; n < 100_000; n += 10_000) {
      await store.commit(
        Array.from({ length: 10_000 }, (_, k) => ({
          type: "put-message",
          message: message(n + k),
        })),
      );
    }
  }
  const start = performance.now();
  await using store = await opener.open(account);
  await store.conversations();
  const page = await store.messages(message(0).conversationId, { limit: 50 });
  const elapsed = performance.now() - start;
  expect(page.at(-1)?.id).toBe(message(99_999).id);
  // A scan of the table takes over 100 ms; the indexed read about 3.
  expect(elapsed).toBeLessThan(50);
});

function id(kind: string, n: number): string {
  return `${kind}${String(n).padStart(20, "0")}A`;
}

function message(n: number): MessageRecord {
  return {
    id: v.parse(MessageId, id("m", n)),
    conversationId: v.parse(ConversationId, id("c", 1)),
    from: { userId: v.parse(UserId, id("u", 1)), deviceId: v.parse(DeviceId, id("d", 1)) },
    own: false,
    order: String(n).padStart(16, "0"),
    sentAt: n,
    receivedAt: n,
    body: { type: "text", text: `text ${n}` },
    delivery: { state: "received", path: "direct" },
  };
}

async function output(script: string): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return text;
}
