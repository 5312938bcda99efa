import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import * as v from "valibot";
import { UserId } from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import { openSqliteStore } from "./sqlite-store.ts";

test("a device log with a hole is found by the check", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-logs-"));
  const file = join(folder.path, "beeline.sqlite");
  await using store = await openSqliteStore(file);
  const userId = v.parse(UserId, randomId());
  const account = { userId, userName: "ada", displayName: "A", credential: "x", now: 1 };
  await store.accounts.create(account);
  const statements = [1, 2, 3].map((n) => new Uint8Array(222).fill(n));
  await store.deviceLogs.append(userId, { after: 0, statements, list: new Uint8Array(100) });
  expect(await store.check()).toEqual([]);
  {
    using db = new DatabaseSync(file);
    db.exec("DELETE FROM device_statements WHERE position = 1");
  }
  expect(await store.check()).toEqual([`The device list of user ${userId} has a gap.`]);
});
