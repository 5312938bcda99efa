import { expect, onTestFinished, test, vi } from "vitest";
import { GroupBook } from "../sealing/group-book.ts";
import { SecretValues } from "../sealing/secret-values.ts";
import type { Sealing } from "../sealing/sealing.ts";
import type { SealingParts, SimulatedDevice } from "../testing/simulated-device.ts";
import { GroupConnection, SimulatedGroups } from "../testing/simulated-groups.ts";
import { SimulatedNetwork } from "../testing/simulated-network.ts";
import { userIdOf } from "../testing/test-ids.ts";

const [ada, ben] = [userIdOf(1), userIdOf(2)];

/** Two devices each of two people, with delivery and MLS groups as they are in use. */
class World {
  readonly groups = new SimulatedGroups();
  readonly network = new SimulatedNetwork([1, 1, 2, 2], 1, (parts) => this.#sealing(parts));
  readonly #books: GroupBook[] = [];
  #sent = 0;

  constructor() {
    // The MLS library looks at the machine's own clock where it takes a key package.
    this.network.clock.jump(Date.now() - this.network.clock.now());
  }

  async #sealing({ identity, random, self, store, ...parts }: SealingParts): Promise<Sealing> {
    const { network } = this;
    const connection = new GroupConnection(
      this.groups,
      self,
      {
        request: (_, run) => new Promise((resolve) => resolve(run())),
        event: (_, deliver) => network.clock.setTimer(deliver, 5),
      },
      parts.log,
    );
    this.groups.connections.set(self.deviceId, connection);
    const book = new GroupBook({
      ...parts,
      store,
      random,
      secrets: await SecretValues.open({ store, random }),
      connection,
      keys: identity,
      self: () => self.userId,
      directory: {
        devices: (userId) =>
          network.devices
            .filter((device) => device.self.userId === userId)
            .map((device) => ({
              deviceId: device.self.deviceId,
              publicKey: device.identity.publicKey,
            })),
        refresh: () => Promise.resolve(true),
      },
      suite: "classic",
      keyPackages: 3,
      onNotice: () => {},
    });
    this.#books.push(book);
    book.sessionBegan();
    return book;
  }

  async say(device: SimulatedDevice): Promise<void> {
    const peer = device.self.userId === ada ? ben : ada;
    await this.during(
      device.delivery.send(device.book.ensure(peer).conversationId, {
        type: "text",
        text: `${this.#sent++}`,
      }),
    );
  }

  /** Lets time pass, for the engine and for WebCrypto, until the condition holds. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const check = async (): Promise<boolean> => {
      await this.network.clock.advance(25);
      return await condition();
    };
    await vi.waitUntil(check, { timeout: 20_000, interval: 1 });
  }

  async during<T>(call: Promise<T>): Promise<T> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    call.then(end, end);
    await this.until(() => isOver);
    return await call;
  }

  /** What each device was told, once nothing is on its way any more. */
  async told(): Promise<readonly (readonly string[])[]> {
    const { devices } = this.network;
    await this.until(async () => {
      const outboxes = await Promise.all(devices.map(({ store }) => store.outbox()));
      const isSent = outboxes.every(({ length }) => length === 0);
      return isSent && devices.every(({ told }) => told.length >= this.#sent);
    });
    return devices.map(({ problems, told }) => [
      ...problems,
      ...told.map(({ body }) => ("text" in body ? String(body.text) : "")).toSorted(),
    ]);
  }

  /** The same for everybody: every message once. */
  get everything(): readonly (readonly string[])[] {
    const texts = Array.from({ length: this.#sent }, (_, n) => `${n}`).toSorted();
    return this.network.devices.map(() => texts);
  }

  close(): void {
    for (const book of this.#books) book.close();
  }
}

async function world(): Promise<World> {
  const made = new World();
  await made.network.start();
  onTestFinished(() => made.close());
  return made;
}

test("S1, S5: the first messages of two people, both ways at once, arrive on all their devices", async () => {
  const made = await world();
  const { devices } = made.network;
  await Promise.all(devices.map((device) => made.say(device)));
  expect(await made.told()).toEqual(made.everything);
  for (let round = 0; round < 3; round++) for (const device of devices) await made.say(device);
  expect(await made.told()).toEqual(made.everything);
});

test("S4, S8: crashes and full disks between sealing, sending and opening lose and double nothing", async () => {
  const made = await world();
  const { network } = made;
  const [a, a2, b] = [network.device(0), network.device(1), network.device(2)];
  await made.say(a);
  await made.say(b);
  expect(await made.told()).toEqual(made.everything);
  await made.say(a);
  await a.crash();
  await a.start();
  network.connect(a);
  b.failures = 2;
  await made.say(a);
  a2.failures = 1;
  await made.say(a);
  await b.crash();
  await b.start();
  network.connect(b);
  await made.say(b);
  expect(await made.told()).toEqual(made.everything);
});
