import * as v from "valibot";
import { expect, test } from "vitest";
import {
  DeviceId,
  errorTable,
  limits,
  MessageId,
  type MailboxPut,
} from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import { startTestServer } from "../testing/test-server.ts";

function envelope(to: DeviceId, text: string): MailboxPut {
  return {
    id: v.parse(MessageId, randomId()),
    to,
    envelope: Buffer.from(text).toString("base64"),
  };
}

const STORED = { outcome: "stored" };

function refused(name: keyof typeof errorTable): object {
  return { outcome: "refused", error: errorTable[name].code };
}

test("envelopes wait for a device that is away, in order, until it acknowledges them", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  bob.ws.terminate();
  await ada.event("presence.changed");
  const envelopes = ["one", "two", "three"].map((text) => envelope(bob.deviceId, text));
  const { outcomes } = await ada.request("mailbox.put", { envelopes });
  expect(outcomes).toEqual([STORED, STORED, STORED]);
  // Sent again, since the answer might have been lost.
  expect(await ada.request("mailbox.put", { envelopes })).toEqual({ outcomes });

  const again = await server.connect();
  const session = await again.resume(bob.keys);
  expect(session.mailboxCount).toBe(3);
  const { items, more } = await again.request("mailbox.fetch", { after: 0 });
  expect(more).toBe(false);
  expect(items.map((item) => Buffer.from(item.envelope, "base64").toString())).toEqual([
    "one",
    "two",
    "three",
  ]);
  expect(items[0]).toMatchObject({
    from: { userId: ada.userId, deviceId: ada.deviceId },
    storedAt: server.clock.now(),
  });
  const positions = items.slice(0, 2).map(({ position }) => position);
  await again.request("mailbox.acknowledge", { positions: [...positions, 999_999] });
  const rest = await again.request("mailbox.fetch", { after: 0 });
  expect(rest.items.map(({ id }) => id)).toEqual([envelopes[2]?.id]);
});

test("an online device is told once of what came together", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const envelopes = ["one", "two"].map((text) => envelope(bob.deviceId, text));
  await ada.request("mailbox.put", { envelopes });
  expect(await bob.event("mailbox.arrived")).toEqual({ count: 2 });
});

test("only one's own mailbox is acknowledged", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  await ada.request("mailbox.put", { envelopes: [envelope(bob.deviceId, "for bob")] });
  const { items } = await bob.request("mailbox.fetch", { after: 0 });
  await ada.request("mailbox.acknowledge", { positions: items.map(({ position }) => position) });
  expect((await bob.request("mailbox.fetch", { after: 0 })).items).toEqual(items);
});

test("each envelope has its own outcome; strangers' and unknown devices are the same", async () => {
  await using server = await startTestServer({ mailboxEnvelopes: 2 });
  const [ada, bob] = await server.buddies("ada", "bob");
  const eve = await server.register("eve");
  const phone = await server.connect();
  await phone.signIn("ada");
  const unknown = v.parse(DeviceId, randomId());
  const { outcomes } = await ada.request("mailbox.put", {
    envelopes: [
      envelope(eve.deviceId, "a stranger"),
      envelope(unknown, "nobody"),
      envelope(phone.deviceId, "my phone"),
      envelope(bob.deviceId, "1"),
      envelope(bob.deviceId, "2"),
      envelope(bob.deviceId, "3"),
    ],
  });
  const nobody = refused("no-such-device");
  expect(outcomes).toEqual([nobody, nobody, STORED, STORED, STORED, refused("mailbox-full")]);
  expect(await server.store.mailbox.count(eve.deviceId)).toBe(0);
});

test("a full mailbox is fetched page by page, one at a time", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  for (let batch = 0; batch < 4; batch++) {
    const envelopes = Array.from({ length: limits.MAILBOX_PUT_BATCH }, () =>
      envelope(bob.deviceId, "x".repeat(5000)),
    );
    await ada.request("mailbox.put", { envelopes });
  }
  let after = 0;
  let count = 0;
  for (let more = true; more;) {
    const page = await bob.request("mailbox.fetch", { after });
    count += page.items.length;
    after = page.items.at(-1)?.position ?? 0;
    more = page.more;
  }
  expect(count).toBe(4 * limits.MAILBOX_PUT_BATCH);
  const many = Array.from({ length: 3 }, () => bob.refusal("mailbox.fetch", { after: 0 }));
  expect(await Promise.all(many)).toContain("granted");
});

test("what is too old is removed", async () => {
  await using server = await startTestServer({ mailboxMaxAgeMs: 60_000 });
  const [ada, bob] = await server.buddies("ada", "bob");
  await ada.request("mailbox.put", { envelopes: [envelope(bob.deviceId, "old")] });
  // In steps, so that both give signs of life.
  for (let minute = 0; minute < 22; minute++) {
    server.clock.advance(30_000);
    await Promise.all([ada.request("session.ping", {}), bob.request("session.ping", {})]);
  }
  expect((await bob.request("mailbox.fetch", { after: 0 })).items).toEqual([]);
});
