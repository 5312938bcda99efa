import { expect, test } from "vitest";
import fc from "fast-check";
import type { MessageId } from "../../protocol/index.ts";
import type { SimulatedDevice } from "../testing/simulated-device.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";
import type { DeliveryState } from "./delivery-state.ts";

/** The first two belong to one person, the others to another. */
const owners = [1, 1, 2, 2];

const rank = { received: 0, queued: 0, sent: 1, delivered: 2, read: 3, failed: 4 } as const;

const device = fc.nat(owners.length - 1);

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("send" as const), from: device }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("advance" as const),
      ms: fc.constantFrom(1, 20, 400, 3_000, 40_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("direct" as const), from: device, to: device }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("cut" as const), from: device, to: device }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("swallow" as const), from: device, to: device }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), from: device }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wake" as const), from: device }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("offline" as const), from: device }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("online" as const), from: device }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("server" as const), isUp: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("clock" as const),
      from: device,
      ms: fc.constantFrom(-3_600_000, -60_000, 60_000, 3_600_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("disk-full" as const), from: device }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("mailbox-full" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("read" as const), from: device }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("not-ready" as const), from: device }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("behind" as const), from: device }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("ready" as const, "caught-up" as const),
      from: device,
      soon: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("lose-keys" as const), from: device, count: fc.nat(2) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type GroupStep = "not-ready" | "behind" | "ready" | "caught-up" | "lose-keys";

const scenario = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  weather: fc.record({
    lossPercent: fc.constantFrom(0, 0, 10, 30),
    doublingPercent: fc.constantFrom(0, 20),
    delayPercent: fc.constantFrom(0, 20),
  }),
  steps: fc.array(step, { minLength: 5, maxLength: 40 }),
});

interface Sent {
  readonly id: MessageId;
  readonly from: SimulatedDevice;
}

class World {
  readonly network: SimulatedNetwork;
  readonly sent: Sent[] = [];

  constructor(seed: number) {
    this.network = new SimulatedNetwork(owners, seed);
  }

  async run(step: Step): Promise<void> {
    const { network } = this;
    switch (step.do) {
      case "advance":
        await network.clock.advance(step.ms);
        return;
      case "server":
        network.setServer(step.isUp);
        return;
      case "mailbox-full":
        network.server.quota = 2;
        return;
      case "wake":
        await this.#wake(network.device(step.from));
        return;
      case "send":
        await this.#send(network.device(step.from));
        return;
      case "direct":
        network.openDirect(network.device(step.from), network.device(step.to));
        return;
      case "cut":
        network.closeDirect(network.device(step.from), network.device(step.to));
        return;
      case "swallow":
        network.swallow(network.device(step.from), network.device(step.to));
        return;
      case "crash":
        await network.device(step.from).crash();
        return;
      case "offline":
        network.disconnect(network.device(step.from));
        return;
      case "online":
        network.connect(network.device(step.from));
        return;
      case "clock":
        network.device(step.from).clockOffset += step.ms;
        return;
      case "disk-full":
        if (network.device(step.from).isRunning) network.device(step.from).failures = 2;
        return;
      case "read":
        await this.#read(network.device(step.from));
        return;
      case "not-ready":
      case "behind":
      case "ready":
      case "caught-up":
      case "lose-keys":
        this.#group(step);
    }
  }

  #group(step: Extract<Step, { do: GroupStep }>): void {
    const device = this.network.device(step.from);
    if (!device.isRunning) return;
    switch (step.do) {
      case "not-ready":
        device.sealing.makeNotReady();
        return;
      case "behind":
        device.sealing.fallBehind();
        return;
      case "ready":
        device.sealing.makeReady(step.soon);
        return;
      case "caught-up":
        device.sealing.catchUp(step.soon);
        return;
      case "lose-keys":
        device.sealing.loseKeys(step.count);
    }
  }

  async #wake(device: SimulatedDevice): Promise<void> {
    if (!device.isRunning) await device.start();
    this.network.connect(device);
  }

  async #send(device: SimulatedDevice): Promise<void> {
    if (!device.isRunning) return;
    const text = `message ${this.sent.length}`;
    try {
      const { id } = await device.delivery.send(device.book.ensure(peerOf(device)).conversationId, {
        type: "text",
        text,
      });
      this.sent.push({ id, from: device });
    } catch {
      // The disk was full: the sender knows that it was not sent.
    }
  }

  async #read(device: SimulatedDevice): Promise<void> {
    if (!device.isRunning) return;
    const conversation = device.book.idWith(peerOf(device));
    await device.delivery.markRead(conversation).catch(() => undefined);
  }
}

function peerOf(device: SimulatedDevice) {
  return device.self.userId === userIdOf(1) ? userIdOf(2) : userIdOf(1);
}

function neverBackwards(states: readonly DeliveryState[]): boolean {
  return states.every((state, at) => {
    const before = states[at - 1];
    return before === undefined || rank[state.state] >= rank[before.state];
  });
}

test(
  "D1, D4, D6, D7, O2, S4, S5, S7, S8: whatever the network and the groups do, every message arrives once on every device, in sequence",
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, weather, steps }) => {
        const world = new World(seed);
        const { network } = world;
        await network.start();
        network.weather = weather;
        for (const step of steps) await world.run(step);
        for (const device of network.devices) {
          if (!device.isRunning) continue;
          device.sealing.loseKeys(0);
          device.sealing.makeReady();
          device.sealing.catchUp();
        }
        await network.settle();

        // Nothing left its device that was sealed with what had sealed something else.
        expect(network.groups.reused).toEqual([]);
        for (const device of network.devices) {
          expect(device.problems).toEqual([]);
          expect(device.delivery.pending).toBe(0);
          expect(await device.store.outbox()).toEqual([]);
          const history = await device.history(peerOf(device));
          expect(history.map(({ id }) => id).toSorted()).toEqual(
            world.sent.map(({ id }) => id).toSorted(),
          );
          for (const sender of network.devices) {
            const own = history.filter((m) => m.from.deviceId === sender.self.deviceId);
            const inSequence = world.sent.filter(({ from }) => from === sender);
            expect(own.map(({ id }) => id)).toEqual(inSequence.map(({ id }) => id));
          }
          const told = device.told.map(({ id }) => id);
          expect(new Set(told).size).toBe(told.length);
          for (const states of device.states.values()) expect(neverBackwards(states)).toBe(true);
          const mailbox = network.server.mailboxes.get(device.self.deviceId) ?? [];
          expect(mailbox).toEqual([]);
        }
      }),
      { numRuns: 100, seed: 20_260 },
    );
  },
);
