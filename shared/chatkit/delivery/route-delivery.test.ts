import { describe, expect, test } from "vitest";
import type { MessageId, RoutePolicy } from "../../protocol/index.ts";
import type { SimulatedDevice } from "../testing/simulated-device.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";

const ada = userIdOf(1);
const ben = userIdOf(2);

async function couple(owners = [1, 2]) {
  const network = new SimulatedNetwork(owners);
  await network.start();
  const choose = (ofA: RoutePolicy, ofB: RoutePolicy): void => {
    network.setPolicy(ada, ben, ofA);
    network.setPolicy(ben, ada, ofB);
  };
  return { network, a: network.device(0), b: network.device(1), choose };
}

async function say(from: SimulatedDevice, text: string): Promise<MessageId> {
  const to = from.self.userId === ada ? ben : ada;
  return (await from.delivery.send(from.book.ensure(to).conversationId, { type: "text", text })).id;
}

const texts = (device: SimulatedDevice): unknown[] =>
  device.told.flatMap(({ body, own }) => (own || !("text" in body) ? [] : [body.text]));

/** The states that the sender was shown, in short. */
function shown(device: SimulatedDevice, id: MessageId): string[] {
  return (device.states.get(id) ?? []).map((state) => {
    if (state.state === "queued") return `queued ${state.waiting}`;
    return "reason" in state && "path" in state
      ? `${state.state} ${state.path} ${state.reason}`
      : state.state;
  });
}

const strict = ["direct-only", "lan-only"] as const;

describe("R3: directly only", () => {
  for (const policy of strict) {
    for (const whose of ["own", "peer"] as const) {
      test(`${policy}, ${whose}: it waits where relay and mailbox would do, and goes directly`, async () => {
        const { network, a, b, choose } = await couple();
        choose(whose === "own" ? policy : "automatic", whose === "own" ? "automatic" : policy);
        const id = await say(a, "hello");
        await network.clock.advance(600_000);
        expect(texts(b)).toEqual([]);
        expect(shown(a, id)).toEqual([`queued ${whose}-policy`]);
        expect(network.server.mailboxes.size).toBe(0);
        network.openDirect(a, b);
        await network.clock.advance(100);
        expect(texts(b)).toEqual(["hello"]);
        expect(shown(a, id).at(-1)).toBe("delivered direct link-open");
        expect(a.delivery.pending).toBe(0);
      });
    }
  }

  test("what is queued later says the same", async () => {
    const { network, a, choose } = await couple();
    choose("direct-only", "automatic");
    await say(a, "one");
    await network.clock.advance(1_000);
    const second = await say(a, "two");
    await network.clock.advance(1_000);
    expect(shown(a, second)).toEqual(["queued own-policy"]);
  });

  test("it waits for who is offline, and when they come it still goes directly alone", async () => {
    const { network, a, b, choose } = await couple();
    choose("direct-only", "automatic");
    network.disconnect(b);
    const id = await say(a, "hello");
    await network.clock.advance(60_000);
    network.connect(b);
    await network.clock.advance(60_000);
    expect(texts(b)).toEqual([]);
    expect(shown(a, id)).toEqual(["queued own-policy"]);
    expect(network.server.mailboxes.size).toBe(0);
  });

  test("a link that is being opened is waited for, and its end is told", async () => {
    const { network, a, b, choose } = await couple();
    choose("direct-only", "automatic");
    a.links.pending.add(b.self.deviceId);
    const id = await say(a, "hello");
    await network.clock.advance(1_000);
    // As it was queued: it is being sent.
    expect(shown(a, id)).toEqual([]);
    a.links.pending.clear();
    await network.clock.advance(1_000);
    expect(shown(a, id)).toEqual(["queued own-policy"]);
  });

  test("a link that swallows everything again and again is left to no mailbox", async () => {
    const { network, a, b, choose } = await couple();
    choose("automatic", "direct-only");
    const id = await say(a, "hello");
    for (let round = 0; round < 10; round += 1) {
      network.openDirect(a, b);
      network.swallow(a, b);
      await network.clock.advance(10_000);
    }
    expect(network.server.mailboxes.size).toBe(0);
    network.openDirect(a, b);
    await network.clock.advance(1_000);
    expect(texts(b)).toEqual(["hello"]);
    expect(shown(a, id).at(-1)).toBe("delivered direct link-open");
  });
});

describe("R3: by relay only", () => {
  for (const whose of ["own", "peer"] as const) {
    test(`${whose}: an open direct link is left alone, the relay and the mailbox serve`, async () => {
      const { network, a, b, choose } = await couple();
      network.openDirect(a, b);
      const [own, theirs] = whose === "own" ? [a, b] : [b, a];
      network.setPolicy(own.self.userId, theirs.self.userId, "relay-only");
      const first = await say(a, "one");
      await network.clock.advance(100);
      expect(texts(b)).toEqual(["one"]);
      expect(shown(a, first)).toContain(`sent relayed ${whose}-policy`);
      network.disconnect(b);
      const second = await say(a, "two");
      await network.clock.advance(100);
      expect(shown(a, second)).toContain("sent stored offline");
      network.connect(b);
      await network.clock.advance(1_000);
      expect(texts(b)).toEqual(["one", "two"]);
      choose("automatic", "automatic");
      await network.settle();
      expect(a.delivery.pending).toBe(0);
    });
  }
});

describe("R3: policies that exclude each other", () => {
  for (const policy of strict) {
    test(`relay-only and ${policy}: what waits says so, and leaves when one gives way`, async () => {
      const { network, a, b, choose } = await couple();
      choose("relay-only", policy);
      network.openDirect(a, b);
      const id = await say(a, "hello");
      const back = await say(b, "hello back");
      await network.clock.advance(600_000);
      expect([texts(a), texts(b)]).toEqual([[], []]);
      expect(shown(a, id)).toEqual(["queued policies-exclude"]);
      expect(shown(b, back)).toEqual(["queued policies-exclude"]);
      choose("relay-only", "automatic");
      await network.clock.advance(1_000);
      expect([texts(a), texts(b)]).toEqual([["hello back"], ["hello"]]);
      expect(shown(a, id)).toContain("sent relayed own-policy");
      expect(shown(b, back)).toContain("sent relayed peer-policy");
    });
  }
});

test("R3: what was on its way when the policy changed is neither lost nor doubled", async () => {
  const { network, a, b, choose } = await couple();
  const sent: string[] = [];
  const policies = ["automatic", "relay-only", "direct-only", "automatic", "lan-only"] as const;
  for (let round = 0; round < 25; round += 1) {
    const own = policies[round % policies.length] ?? "automatic";
    const theirs = policies[(round * 3) % policies.length] ?? "automatic";
    for (let n = 0; n < 4; n += 1) {
      sent.push(`${round}.${n}`);
      await say(a, `${round}.${n}`);
    }
    // Mostly in the middle of what is under way.
    await network.clock.advance(round % 3);
    choose(own, theirs);
    if (round % 2 === 0) network.openDirect(a, b);
    await network.clock.advance(round % 7);
  }
  choose("automatic", "automatic");
  await network.settle();
  expect(texts(b)).toEqual(sent);
  expect(a.delivery.pending).toBe(0);
});

test("R1: the copies for one's own devices take any way", async () => {
  const { network, a, b, choose } = await couple([1, 2, 1]);
  const tablet = network.device(2);
  choose("direct-only", "automatic");
  await say(a, "hello");
  await network.clock.advance(1_000);
  expect(tablet.told).toHaveLength(1);
  expect(texts(b)).toEqual([]);
});

test("R6: a receipt waits for a way that is permitted, whatever way the message came", async () => {
  const { network, a, b } = await couple();
  network.disconnect(b);
  const id = await say(a, "hello");
  await network.clock.advance(100);
  expect(shown(a, id).at(-1)).toBe("sent stored offline");
  // Whoever sent it did not know yet.
  network.setPolicy(ben, ada, "lan-only");
  network.connect(b);
  await network.clock.advance(20_000);
  expect(texts(b)).toEqual(["hello"]);
  expect(network.server.mailboxes.get(a.self.deviceId)?.length ?? 0).toBe(0);
  expect(shown(a, id).at(-1)).toBe("sent stored offline");
  network.openDirect(a, b);
  await network.clock.advance(100);
  expect(shown(a, id).at(-1)).toBe("delivered stored offline");
  expect(texts(b)).toEqual(["hello"]);
});

test("R6: by relay only, a receipt takes no direct link", async () => {
  const { network, a, b } = await couple();
  network.setPolicy(ada, ben, "relay-only");
  network.openDirect(a, b);
  const kinds = new Set<string>();
  for (const { links } of [a, b]) links.onFrame(({ kind }) => kinds.add(kind));
  const id = await say(a, "hello");
  await network.clock.advance(100);
  expect(shown(a, id).at(-1)).toBe("delivered relayed own-policy");
  // What came by mailbox is acknowledged by whatever is open.
  network.disconnect(b);
  const stored = await say(a, "again");
  await network.clock.advance(100);
  network.connect(b);
  await network.clock.advance(1_000);
  expect(shown(a, stored).at(-1)).toBe("delivered stored offline");
  expect([...kinds]).toEqual(["relay"]);
});
