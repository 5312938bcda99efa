import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import * as v from "valibot";
import { DeviceId, MessageId, UserId } from "../../../shared/protocol/index.ts";
import { randomId } from "../../random-id.ts";
import { openSqliteStore } from "../sqlite-store.ts";

/**
 * Writes into the store named by its argument until it is killed, and prints the id of each
 * envelope once its write has resolved.
 */
const [, , file = ""] = process.argv;
const userId = v.parse(UserId, `u${"0".repeat(20)}A`);
const deviceId = v.parse(DeviceId, `d${"0".repeat(20)}A`);
const quota = { bytes: 1_000_000_000, envelopes: 1_000_000 };

const store = await openSqliteStore(file);
if ((await store.accounts.byId(userId)) === undefined) {
  await store.accounts.create({ userId, userName: "a", displayName: "A", credential: "", now: 1 });
}
const device = { deviceId, userId, name: "m", publicKey: "k", now: 1, sessionEnds: 2 };
await store.devices.signIn(device, 1);

async function write(): Promise<never> {
  for (;;) {
    const id = v.parse(MessageId, randomId());
    const envelope = randomBytes(600);
    const from = { userId, deviceId };
    await store.mailbox.put([{ id, to: deviceId, from, storedAt: 1, envelope }], quota);
    writeSync(1, `${id}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, write));
