import { expect, test } from "vitest";
import { createWsConnector } from "../app/cli/ports/ws-connector.ts";
import { nodeRandom } from "../app/cli/ports/node-random.ts";
import { silentLog } from "../app/cli/ports/silent-log.ts";
import { systemClock } from "../app/peer/system-clock.ts";
import { startTestServer } from "../rendezvous/testing/test-server.ts";
import { ChatKit, ChatKitError, type ChatKitEvents } from "../shared/chatkit/chatkit.ts";
import { opaquePasswords } from "../shared/chatkit/connection/opaque-passwords.ts";
import type { Clock } from "../shared/chatkit/ports.ts";
import { MemoryStores } from "../shared/chatkit/testing/memory-store.ts";
import { FakePeers } from "../shared/chatkit/testing/peer-pair.ts";
import { AccidentSockets, type Accident } from "./support/accident-sockets.ts";
import { textOf } from "./support/engine-device.ts";

/** The engine's pauses and time-outs pass this much faster than they would. */
const HURRY = 10;
/** Real time for any one thing to come about, on a busy machine. */
const PATIENCE_MS = 30_000;
/** Scenes that run at the same time: mostly they wait. */
const AT_ONCE = 6;
/** Of requests that a device makes again and again, the first ones are hindered. */
const OCCURRENCES = 2;

const NAMES = ["ada1", "bob1", "ada2", "bob2"] as const;
type Name = (typeof NAMES)[number];
const cheap = opaquePasswords({ memoryKiB: 64, passes: 1, parallelism: 1 });

const hurried: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * HURRY,
  setTimer: (callback, ms) => systemClock.setTimer(callback, ms / HURRY),
};

/** A device whose owner tries again what failed for want of a connection, as people do. */
class Device implements AsyncDisposable {
  readonly sockets: AccidentSockets;
  readonly kit: ChatKit;
  readonly #user: "ada" | "bob";
  readonly #texts: string[] = [];
  readonly #looks = new Set<() => void>();

  constructor(name: Name, port: number, peers: FakePeers, accident: Accident | undefined) {
    this.#user = name.startsWith("ada") ? "ada" : "bob";
    this.sockets = new AccidentSockets(createWsConnector(silentLog), accident);
    this.kit = new ChatKit({
      server: `http://127.0.0.1:${port}`,
      host: { client: { name: "test", version: "0" }, deviceName: name },
      ports: {
        clock: hurried,
        random: nodeRandom,
        sockets: this.sockets,
        peers,
        stores: new MemoryStores(),
        passwords: cheap,
        log: silentLog,
        localAddresses: () => [],
      },
    });
    this.kit.on("message", (message) => this.#texts.push(textOf(message)));
    const events = ["connection", "conversation", "message", "roster", "devices", "link"] as const;
    for (const event of events satisfies readonly (keyof ChatKitEvents)[]) {
      this.kit.on(event, () => queueMicrotask(() => this.#look()));
    }
  }

  async register(): Promise<void> {
    const userName = this.#user;
    for (;;) {
      try {
        await this.kit.register({ userName, password: "correct horse" });
        return;
      } catch (error) {
        // The account was made, and only the answer was lost.
        if (reasonOf(error) === "user-name-taken") return await this.signIn();
        if (!isPassing(error)) throw error;
      }
    }
  }

  signIn(): Promise<void> {
    return this.insist(() => this.kit.signIn({ userName: this.#user, password: "correct horse" }));
  }

  /** Asks again for as long as there is no connection. */
  async insist(ask: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await ask();
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (this.kit.connection.state === "waiting" || this.kit.connection.state === "connecting") {
          await this.until("online", () => this.kit.connection.state === "online");
        }
      }
    }
  }

  get texts(): readonly string[] {
    return this.#texts;
  }

  async say(text: string): Promise<void> {
    const entry = this.kit.roster.entries()[0];
    if (entry === undefined) throw new Error("nobody to talk to");
    const { conversationId } = await this.kit.conversations.withPeer(entry.profile.userId);
    await this.kit.send(conversationId, text);
  }

  /** What this device has in its history of the one conversation there is. */
  async history(): Promise<readonly string[]> {
    const conversation = this.kit.conversations.list()[0];
    if (conversation === undefined) return [];
    return (await this.kit.history(conversation.conversationId)).map(textOf);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const found = Promise.withResolvers<void>();
    const look = (): void => {
      if (holds()) found.resolve();
    };
    const timer = setTimeout(() => found.reject(new Error(`in vain: ${what}`)), PATIENCE_MS);
    this.#looks.add(look);
    try {
      look();
      await found.promise;
    } finally {
      clearTimeout(timer);
      this.#looks.delete(look);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kit.close();
  }

  #look(): void {
    for (const look of this.#looks) look();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof ChatKitError ? error.reason : "";
}

/** What a person tries again. */
function isPassing(error: unknown): boolean {
  return error instanceof ChatKitError && error.retryable;
}

interface Outcome {
  readonly steps: ReadonlyMap<Name, ReadonlySet<string>>;
  readonly happened: boolean;
  readonly histories: readonly (readonly string[])[];
}

/** Two devices each of two people: from nothing to a conversation that all four have. */
async function meet(hindered?: { readonly device: Name; readonly accident: Accident }) {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startTestServer());
  const peers = new FakePeers();
  const device = (name: Name): Device => {
    const accident = name === hindered?.device ? hindered.accident : undefined;
    return resources.use(new Device(name, server.port, peers, accident));
  };
  const [ada1, bob1, ada2, bob2] = [device("ada1"), device("bob1"), device("ada2"), device("bob2")];
  const all = [ada1, bob1, ada2, bob2];
  await Promise.all([ada1.register(), bob1.register()]);
  await Promise.all([ada2.signIn(), bob2.signIn()]);
  await ada1.insist(() => ada1.kit.roster.add("bob"));
  await bob1.until("ada asks", () => bob1.kit.roster.entries().length === 1);
  const asker = bob1.kit.roster.entries()[0]?.profile.userId;
  if (asker === undefined) throw new Error("nobody asked");
  await bob1.insist(() => bob1.kit.roster.accept(asker));
  for (const one of all) {
    await one.until("buddies", () => one.kit.roster.entries()[0]?.state === "buddies");
    await one.until("two devices of one's own", () => {
      const own = one.kit.devices.list();
      return own.length === 2 && own.every(({ vouched }) => vouched);
    });
    await one.until("two devices of theirs", () => {
      return one.kit.roster.entries()[0]?.devices.length === 2;
    });
  }
  const expected = ["one", "two", "three", "four"];
  await Promise.all([ada1.say("one"), bob1.say("two")]);
  const have = (texts: readonly string[]): Promise<unknown> =>
    Promise.all(
      all.map((one) =>
        one.until(`${texts.join()} told`, () => texts.every((text) => one.texts.includes(text))),
      ),
    );
  await have(expected.slice(0, 2));
  await ada2.say("three");
  await bob2.say("four");
  await have(expected);
  const outcome: Outcome = {
    steps: new Map(NAMES.map((name, n) => [name, all[n]?.sockets.steps ?? new Set()])),
    happened: all.some(({ sockets }) => sockets.happened),
    histories: await Promise.all(all.map((one) => one.history())),
  };
  return outcome;
}

function isHindered(step: string): boolean {
  return Number(step.split("#")[1]) <= OCCURRENCES && !step.startsWith("session.ping");
}

test(
  "two devices each of two people agree in the end, whatever step of sign-in, lists, groups, links and delivery is lost",
  { timeout: 600_000 },
  async () => {
    const { steps } = await meet();
    const accidents = NAMES.flatMap((device) =>
      [...(steps.get(device) ?? [])]
        .filter(isHindered)
        .flatMap((step) =>
          (["lost", "answer-lost"] as const).map((fate) => ({ device, accident: { step, fate } })),
        ),
    );
    const methods = new Set(accidents.map(({ accident }) => accident.step.split("#")[0]));
    expect(methods).toContain("account.registerFinish");
    expect(methods).toContain("session.signInFinish");
    expect(methods).toContain("keyPackages.publish");
    expect(methods).toContain("devices.append");
    expect(methods).toContain("signal.send");

    let happened = 0;
    const waiting = [...accidents];
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const where = `${next.device}: ${next.accident.step} ${next.accident.fate}`;
        const outcome = await meet(next).catch((cause: unknown) => {
          throw new Error(where, { cause });
        });
        if (outcome.happened) happened++;
        const [first = []] = outcome.histories;
        expect([where, first.toSorted()]).toEqual([where, ["four", "one", "three", "two"]]);
        expect([where, outcome.histories]).toEqual([where, [first, first, first, first]]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    // Steps come in another order now and then; most accidents must have come about.
    expect(happened / accidents.length).toBeGreaterThan(0.8);
  },
);
