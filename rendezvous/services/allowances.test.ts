import { expect, test } from "vitest";
import * as v from "valibot";
import {
  ConversationId,
  DeviceId,
  LinkId,
  limits,
  MessageId,
  ProtocolError,
  UserId,
} from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import { defaultRendezvousConfig, type Allowances } from "../rendezvous-config.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { startTestServer } from "../testing/test-server.ts";
import { AccountAllowances } from "./allowances.ts";

const { allowances } = defaultRendezvousConfig;
const ada = v.parse(UserId, randomId());
const device = v.parse(DeviceId, randomId());
const conversationId = v.parse(ConversationId, randomId());

function envelopes(
  count: number,
  length: number,
): { id: MessageId; to: DeviceId; envelope: string }[] {
  const envelope = "A".repeat(length);
  const id = v.parse(MessageId, randomId());
  return Array.from({ length: count }, () => ({ id, to: device, envelope }));
}

test("what a new device of somebody in 500 groups of 500 people does at once meets no limit", () => {
  const spent = new AccountAllowances(new FakeClock(), allowances);
  expect(() => {
    spent.spend(ada, "conversation.list", {});
    for (let group = 0; group < limits.MAX_GROUPS_PER_ACCOUNT; group++) {
      spent.spend(ada, "conversation.log", { conversationId, after: 0 });
      spent.spend(ada, "conversation.log", { conversationId, after: 256 });
    }
    // Those who are in all of them, or in some: as many as a large office has.
    for (let batch = 0; batch < 4000 / limits.DEVICE_LOGS_AT_ONCE; batch++) {
      const of = Array.from({ length: limits.DEVICE_LOGS_AT_ONCE }, () => ({
        userId: ada,
        after: 0,
      }));
      spent.spend(ada, "devices.log", { of });
    }
    // A day's talk in a large group, two devices each.
    const to = Array.from({ length: 1000 }, () => ({ deviceId: device, after: 0 }));
    const id = v.parse(MessageId, randomId());
    for (let message = 0; message < 100; message++) {
      const post = { id, conversationId, sequence: 1, to, sealed: "A".repeat(2000) };
      spent.spend(ada, "mailbox.post", post);
    }
    for (let person = 0; person < 1500; person++) {
      spent.spend(ada, "conversation.append", { conversationId, statement: "A" });
    }
  }).not.toThrow();
});

test("who comes into a group by its link and leaves it, over and over, fills no log", () => {
  const spent = new AccountAllowances(new FakeClock(), allowances);
  const statement = "A";
  let joins = 0;
  expect(() => {
    for (; joins < 1000; joins++) {
      spent.spend(ada, "conversation.join", { conversationId, statement });
      spent.spend(ada, "conversation.append", { conversationId, statement });
    }
  }).toThrow(ProtocolError);
  expect(joins).toBeGreaterThan(50);
  expect(joins).toBeLessThan(100);
});

test("what a new device of somebody with 1,000 buddies does at once meets no limit", () => {
  const spent = new AccountAllowances(new FakeClock(), allowances);
  const groupInfo = "A".repeat(16_000);
  const commit = "A".repeat(8000);
  expect(() => {
    spent.spend(ada, "roster.get", {});
    spent.spend(ada, "group.list", {});
    spent.spend(ada, "devices.append", { statements: ["A"] });
    spent.spend(ada, "keyPackages.publish", { packages: Array.from({ length: 64 }, () => "A") });
    for (let buddy = 0; buddy < 1000; buddy++) {
      spent.spend(ada, "devices.log", { of: [{ userId: ada, after: 0 }] });
      spent.spend(ada, "group.get", { conversationId });
      spent.spend(ada, "group.commit", { conversationId, epoch: 1, commit, groupInfo });
      spent.spend(ada, "keyPackages.take", { devices: [device, device, device, device] });
      spent.spend(ada, "mailbox.put", { envelopes: envelopes(8, 3000) });
    }
    for (let signal = 0; signal < 2000; signal++) {
      spent.spend(ada, "signal.send", { to: device, linkId, signal: { type: "request" } });
    }
    // A mailbox that was full.
    for (let page = 0; page < limits.MAILBOX_QUOTA_ENVELOPES / 10; page++) {
      spent.spend(ada, "mailbox.fetch", { after: page });
    }
    for (let change = 0; change < 100; change++) {
      spent.spend(ada, "endpoint.update", { local: [] });
    }
    for (let buddy = 0; buddy < 1000; buddy++) spent.spend(ada, "roster.add", { userName: "bob" });
  }).not.toThrow();
});

const linkId = v.parse(LinkId, randomId());
const refusals = [
  "granted",
  "no-such-device",
  "no-such-user",
  "invalid-params",
  "device-list-conflict",
  "no-such-conversation",
  "not-permitted",
  "group-link-invalid",
];
const none = { burst: 1, perSecond: 0.1 };

test.each<[keyof Allowances, string, unknown]>([
  ["announcements", "presence.set", { show: "away", statusText: "" }],
  ["announcements", "endpoint.update", { local: [] }],
  ["reads", "devices.log", { of: [{ userId: ada, after: 0 }] }],
  ["reads", "roster.get", {}],
  ["reads", "mailbox.fetch", { after: 0 }],
  ["reads", "group.list", {}],
  ["keyPackages", "keyPackages.publish", { packages: [] }],
  ["keyPackages", "keyPackages.take", { devices: [device] }],
  ["rosterRequests", "roster.add", { userName: "bob" }],
  ["mailboxBytes", "mailbox.put", { envelopes: envelopes(1, 8) }],
  ["signals", "signal.send", { to: device, linkId, signal: { type: "request" } }],
  [
    "mailboxBytes",
    "mailbox.post",
    {
      id: randomId(),
      conversationId,
      sequence: 1,
      to: [{ deviceId: device, after: 0 }],
      sealed: "AAAA",
    },
  ],
  ["memberships", "conversation.found", { conversationId, statement: "AAAA" }],
  ["memberships", "conversation.append", { conversationId, statement: "AAAA" }],
  ["memberships", "conversation.join", { conversationId, statement: "AAAA" }],
  [
    "memberships",
    "conversation.linked",
    {
      conversationId,
      after: 0,
      link: { publicKey: `${"A".repeat(43)}=`, proof: `${"A".repeat(86)}==` },
    },
  ],
  ["reads", "conversation.log", { conversationId, after: 0 }],
  ["reads", "conversation.list", {}],
  ["reads", "conversation.profiles", { conversationId, userIds: [ada] }],
  ["groupBytes", "group.create", { conversationId, peer: ada, epoch: 0, groupInfo: "AAAA" }],
  ["deviceStatements", "devices.append", { statements: ["A".repeat(384)] }],
])(
  "B6 beyond the %s of an account %s is refused, on each of its devices",
  async (name, method, params) => {
    await using server = await startTestServer({ allowances: { ...allowances, [name]: none } });
    const ada = await server.register("ada");
    const phone = await server.connect();
    await phone.signIn("ada");
    const bob = await server.register("bob");
    // What it says of strangers' devices and of nonsense costs as much.
    expect(refusals).toContain(await ada.refusal(method, params));
    expect(await phone.refusal(method, params)).toBe("rate-limited");
    expect(await bob.refusal(method, params)).not.toBe("rate-limited");
    const waitMs = await phone.raw(method, params).then(
      () => 0,
      (error: unknown) => (error instanceof ProtocolError ? (error.retryAfterMs ?? 0) : 0),
    );
    expect(waitMs).toBeGreaterThan(0);
    // In steps, so that the connections give signs of life.
    for (let at = 0; at < waitMs; at += 15_000) {
      server.clock.advance(Math.min(15_000, waitMs - at));
      await Promise.all([ada, phone].map((client) => client.request("session.ping", {})));
    }
    expect(await phone.refusal(method, params)).not.toBe("rate-limited");
  },
);
