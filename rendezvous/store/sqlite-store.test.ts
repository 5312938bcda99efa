import { spawn } from "node:child_process";
import { mkdtempDisposable, open, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import * as v from "valibot";
import { DeviceId, MessageId, UserId } from "../../shared/protocol/index.ts";
import { migrate, SCHEMA_VERSION } from "./migrations.ts";
import { openSqliteStore, type SqliteStore } from "./sqlite-store.ts";
import { storeContract } from "./testing/store-contract.ts";
import { StoreError } from "./store.ts";

const temporary = (): ReturnType<typeof mkdtempDisposable> =>
  mkdtempDisposable(join(tmpdir(), "beeline-store-"));

describe("in memory", () => {
  storeContract(() => openSqliteStore(":memory:"));
});

describe("in a file", () => {
  storeContract(async () => {
    const folder = await temporary();
    const store = await openSqliteStore(join(folder.path, "deep", "beeline.sqlite"));
    return {
      ...store,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        await folder.remove();
      },
    };
  });
});

async function reasonOf(step: Promise<unknown>): Promise<StoreError["reason"] | undefined> {
  try {
    await step;
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error.reason;
    throw error;
  }
}

const ada = v.parse(UserId, `u${"0".repeat(20)}A`);
const laptop = v.parse(DeviceId, `d${"0".repeat(20)}A`);
const quota = { bytes: 1_000_000_000, envelopes: 1_000_000 };

async function addAda(store: SqliteStore): Promise<void> {
  const account = { userId: ada, userName: "ada", displayName: "Ada", credential: "x", now: 1 };
  await store.accounts.create(account);
  const device = {
    deviceId: laptop,
    userId: ada,
    name: "m",
    publicKey: "k",
    now: 1,
    sessionEnds: 2,
  };
  await store.devices.signIn(device, 8);
}

function deposit(n: number): Parameters<SqliteStore["mailbox"]["put"]>[0][number] {
  const id = v.parse(MessageId, `m${String(n).padStart(20, "0")}A`);
  const from = { userId: ada, deviceId: laptop };
  return { id, to: laptop, from, storedAt: n, envelope: new Uint8Array([1]) };
}

describe("opening", () => {
  test("what was written is there after closing and opening again", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    {
      await using store = await openSqliteStore(file);
      await addAda(store);
    }
    await using store = await openSqliteStore(file);
    expect((await store.accounts.byName("ada"))?.userId).toBe(ada);
  });

  test("a second server is locked out; a command is not; the lock ends with the server", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    const server = await openSqliteStore(file);
    await addAda(server);
    expect(await reasonOf(openSqliteStore(file))).toBe("locked");
    expect(server.changedElsewhere()).toBe(false);
    {
      await using command = await openSqliteStore(file, { access: "command" });
      await command.accounts.setDisabled(ada, true);
    }
    expect(server.changedElsewhere()).toBe(true);
    expect(server.changedElsewhere()).toBe(false);
    await server.accounts.setDisplayName(ada, "own writes do not count");
    expect(server.changedElsewhere()).toBe(false);
    expect((await server.accounts.byId(ada))?.disabled).toBe(true);
    await server[Symbol.asyncDispose]();
    await using next = await openSqliteStore(file);
    expect(await next.check()).toEqual([]);
  });

  test("a file that is no database, or another program's, is damaged", async () => {
    await using folder = await temporary();
    const noise = join(folder.path, "noise");
    await writeFile(noise, Buffer.alloc(8192, "noise"));
    expect(await reasonOf(openSqliteStore(noise))).toBe("damaged");
    const foreign = join(folder.path, "foreign");
    {
      using db = new DatabaseSync(foreign);
      db.exec("CREATE TABLE other (x)");
    }
    expect(await reasonOf(openSqliteStore(foreign))).toBe("damaged");
  });

  test("a damaged page is reported as damage by reads and by the check", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    {
      await using store = await openSqliteStore(file);
      await addAda(store);
    }
    const { size } = await stat(file);
    // All pages but the first, which holds the schema's root.
    await using handle = await open(file, "r+");
    await handle.write(Buffer.alloc(size - 4096, 0xff), 0, size - 4096, 4096);
    expect(await reasonOf(openSqliteStore(file))).toBe("damaged");
  });

  test("a newer schema is left alone", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    await (await openSqliteStore(file))[Symbol.asyncDispose]();
    {
      using db = new DatabaseSync(file);
      db.prepare("INSERT INTO migrations VALUES (?, 'later', '')").run(SCHEMA_VERSION + 1);
    }
    expect(await reasonOf(openSqliteStore(file))).toBe("newer-version");
  });

  test("from a database of passwords and tokens accounts stay, and devices sign in anew", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    {
      using db = new DatabaseSync(file);
      migrate(db, 1);
      db.exec(`
        INSERT INTO accounts (user_id, user_name, canonical_name, display_name, credential, created_at)
          VALUES ('${ada}', 'ada', 'ada', 'Ada', '$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA', 1);
        INSERT INTO devices (device_id, account, name, public_key, last_seen, mailbox_count, mailbox_bytes)
          VALUES ('${laptop}', 1, 'm', 'k', 1, 1, 1);
        INSERT INTO sessions VALUES (x'00', 1, 999);
        INSERT INTO mailbox VALUES ((1 << 32) + 1, 1, 'm', 'u', 'd', 1, x'00');
      `);
    }
    await using store = await openSqliteStore(file);
    expect(await store.accounts.byId(ada)).toMatchObject({ userName: "ada", disabled: false });
    expect(await store.devices.ofUser(ada)).toEqual([]);
    expect(await store.mailbox.count(laptop)).toBe(0);
    expect(await store.deviceLogs.head(ada)).toBeUndefined();
    expect(await store.check()).toEqual([]);
  });

  test("R8: in a roster from before, nobody's addresses are hidden", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    const ben = v.parse(UserId, "b0000000000000000000BA");
    {
      using db = new DatabaseSync(file);
      migrate(db, 4);
      for (const [name, userId] of [
        ["ada", ada],
        ["ben", ben],
      ]) {
        db.exec(`
          INSERT INTO accounts (user_id, user_name, canonical_name, display_name, credential, created_at)
            VALUES ('${userId}', '${name}', '${name}', '${name}', 'x', 1)
        `);
      }
      db.exec(
        "INSERT INTO roster VALUES (1, 2, 'buddies', 'Benny', ''), (2, 1, 'buddies', '', '')",
      );
    }
    await using store = await openSqliteStore(file);
    const view = await store.roster.view(ada, ben);
    expect(view).toMatchObject({
      row: { nickname: "Benny", hideAddresses: false },
      addressesHidden: false,
    });
    expect(await store.roster.hiddenFrom(ben)).toEqual([]);
  });

  test("a folder that cannot be is unwritable", async () => {
    await using folder = await temporary();
    const blocker = join(folder.path, "file");
    await writeFile(blocker, "");
    expect(await reasonOf(openSqliteStore(join(blocker, "beeline.sqlite")))).toBe("unwritable");
    expect(await reasonOf(openSqliteStore(folder.path))).toBe("unwritable");
  });

  test("only the owner can read the database", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "data", "beeline.sqlite");
    await using store = await openSqliteStore(file);
    await addAda(store);
    for (const name of [file, `${file}-wal`]) expect((await stat(name)).mode & 0o077).toBe(0);
    expect((await stat(join(folder.path, "data"))).mode & 0o077).toBe(0);
  });
});

describe("backup", () => {
  test("a copy made while writes go on is whole", async () => {
    await using folder = await temporary();
    await using store = await openSqliteStore(join(folder.path, "beeline.sqlite"));
    await addAda(store);
    await store.mailbox.put([deposit(1), deposit(2)], quota);
    const copy = join(folder.path, "copy.sqlite");
    const backingUp = store.backup(copy);
    await store.mailbox.put([deposit(3)], quota);
    await backingUp;
    expect((await stat(copy)).mode & 0o077).toBe(0);
    await using restored = await openSqliteStore(copy);
    expect(await restored.check()).toEqual([]);
    expect(await restored.mailbox.count(laptop)).toBeGreaterThanOrEqual(2);
    expect((await restored.accounts.byName("ada"))?.credential).toBe("x");
  });

  test("it overwrites nothing and says when it cannot write", async () => {
    await using folder = await temporary();
    const existing = join(folder.path, "existing");
    await writeFile(existing, "precious");
    await using store = await openSqliteStore(":memory:");
    expect(await reasonOf(store.backup(existing))).toBe("failed");
    expect(await reasonOf(store.backup(join(existing, "below")))).toBeDefined();
    await store.backup(join(folder.path, "copy"));
    await using restored = await openSqliteStore(join(folder.path, "copy"));
    expect(await restored.check()).toEqual([]);
  });
});

describe("mailbox memory", () => {
  test("ids are remembered for the latest 10,000 positions, and the rest is forgotten", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    await using store = await openSqliteStore(file);
    await addAda(store);
    let after = 0;
    for (let n = 0; n < 10_200; n += 100) {
      await store.mailbox.put(
        Array.from({ length: 100 }, (_, i) => deposit(n + i)),
        quota,
      );
      // The very first envelope is left to wait.
      const { items } = await store.mailbox.fetch(laptop, {
        after: Math.max(after, 1),
        maxItems: 100,
        maxBytes: 100_000,
      });
      after = items.at(-1)?.position ?? after;
      await store.mailbox.acknowledge(
        laptop,
        items.map(({ position }) => position),
      );
    }
    expect(await store.mailbox.put([deposit(0)], quota)).toEqual(["duplicate"]);
    expect(await store.mailbox.put([deposit(10_199)], quota)).toEqual(["duplicate"]);
    expect(await store.mailbox.put([deposit(5)], quota)).toEqual(["stored"]);
    expect(await store.mailbox.count(laptop)).toBe(2);
    using db = new DatabaseSync(file, { readOnly: true });
    const rows = db.prepare("SELECT count(*) AS n FROM mailbox").get()?.["n"];
    expect(rows).toBeLessThanOrEqual(10_002);
    expect(await store.check()).toEqual([]);
  });

  test("the mailbox of one device is not touched by another's forgetting", async () => {
    await using store = await openSqliteStore(":memory:");
    await addAda(store);
    const phone = v.parse(DeviceId, `e${"0".repeat(20)}A`);
    const device = {
      deviceId: phone,
      userId: ada,
      name: "m",
      publicKey: "k",
      now: 1,
      sessionEnds: 2,
    };
    await store.devices.signIn(device, 8);
    await store.mailbox.put([deposit(1)], quota);
    await store.mailbox.acknowledge(laptop, [1]);
    const many = Array.from({ length: 10_001 }, (_, n) => ({ ...deposit(n), to: phone }));
    await store.mailbox.put(many, quota);
    expect(await store.mailbox.put([deposit(1)], quota)).toEqual(["duplicate"]);
  });
});

describe("group commit", () => {
  test("writes of one tick are one transaction, and more than it takes are several", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    await using store = await openSqliteStore(file);
    await addAda(store);
    using other = new DatabaseSync(file, { readOnly: true });
    const seen = other.prepare("SELECT count(*) AS n FROM mailbox");
    const writes = [1, 2, 3].map((n) => store.mailbox.put([deposit(n)], quota));
    expect(seen.get()?.["n"]).toBe(0);
    await writes[0];
    expect(seen.get()?.["n"]).toBe(3);
    const many = Array.from({ length: 5000 }, (_, n) => store.mailbox.put([deposit(n + 9)], quota));
    expect(seen.get()?.["n"]).toBe(3 + 4096);
    await Promise.all(many);
    expect(seen.get()?.["n"]).toBe(3 + 5000);
  });

  test("closing commits what is open", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    const store = await openSqliteStore(file);
    await addAda(store);
    const writing = store.mailbox.put([deposit(1)], quota);
    await store[Symbol.asyncDispose]();
    expect(await writing).toEqual(["stored"]);
    expect(await reasonOf(store.mailbox.put([deposit(2)], quota))).toBe("failed");
    await using again = await openSqliteStore(file);
    expect(await again.mailbox.count(laptop)).toBe(1);
  });

  test("a write that another process holds up for too long is refused, and the next one works", async () => {
    await using folder = await temporary();
    const file = join(folder.path, "beeline.sqlite");
    await using store = await openSqliteStore(file, { busyTimeoutMs: 10 });
    await addAda(store);
    {
      using other = new DatabaseSync(file);
      other.exec("BEGIN IMMEDIATE");
      expect(await reasonOf(store.mailbox.put([deposit(1)], quota))).toBe("locked");
    }
    expect(await store.mailbox.put([deposit(1)], quota)).toEqual(["stored"]);
  });
});

test("kill -9 while writing loses no write that had resolved", async () => {
  await using folder = await temporary();
  const file = join(folder.path, "beeline.sqlite");
  const writer = new URL("testing/endless-writer.ts", import.meta.url).pathname;
  const acknowledged = new Set<string>();
  // Killed at three moments, on one growing file.
  for (const lines of [1, 150, 400]) {
    const child = spawn(process.execPath, [writer, file], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    let seen = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.add(line);
      seen += 1;
      if (seen === lines) child.kill("SIGKILL");
    }
    expect(await exited).toEqual([null, "SIGKILL"]);
  }
  await using store = await openSqliteStore(file);
  expect(await store.check()).toEqual([]);
  const [account] = await store.accounts.list({ limit: 1 });
  const [device] = account === undefined ? [] : await store.devices.ofUser(account.userId);
  if (device === undefined) throw new Error("the writer made a device");
  const held = new Set<string>();
  for (let after = 0, more = true; more;) {
    const page = await store.mailbox.fetch(device.deviceId, {
      after,
      maxItems: 1000,
      maxBytes: 10_000_000,
    });
    for (const { id, position } of page.items) {
      expect(held.has(id)).toBe(false);
      held.add(id);
      after = position;
    }
    more = page.more;
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(551);
  expect([...acknowledged].filter((id) => !held.has(id))).toEqual([]);
});
