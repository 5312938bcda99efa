import { beforeEach, expect, test } from "vitest";
import { ProtocolError, type RosterEntry, type RoutePolicy } from "../../protocol/index.ts";
import { ROUTE_RETRY_MAX_MS } from "../limits.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import type { ScriptedServer } from "../testing/scripted-server.ts";
import { LinkWorld } from "../testing/link-world.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { AddressHiding } from "./address-hiding.ts";
import { RouteBook } from "./route-book.ts";

const ben = userIdOf(2);
const cyd = userIdOf(3);

let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

class Bench {
  readonly world = new LinkWorld(clock);
  readonly entries = new Map<string, RosterEntry>();
  readonly asked: string[] = [];
  readonly book: RouteBook;
  failure: ProtocolError | undefined;
  /** The server has heard of `hideAddresses`. */
  isNew = true;
  hiding: AddressHiding | undefined;

  constructor() {
    for (const userId of [ben, cyd]) this.entries.set(userId, entryOf(userId));
    this.book = new RouteBook({
      clock,
      self: () => userIdOf(1),
      isBuddy: () => true,
      hidesAddresses: () => false,
      permits: () => true,
      commit: () => Promise.resolve(),
      save: () => {},
      onChanged: () => this.hiding?.look(),
    });
    this.server.script("roster.update", ({ userId, hideAddresses = false }) => {
      this.asked.push(`${userId === ben ? "ben" : "cyd"} ${hideAddresses}`);
      if (this.failure !== undefined) throw this.failure;
      const entry = entryOf(userId);
      return this.isNew && hideAddresses ? { ...entry, hideAddresses } : entry;
    });
  }

  get server(): ScriptedServer {
    return this.world.server;
  }

  async begin(): Promise<AddressHiding> {
    const { connection } = await this.world.add(1);
    this.hiding = new AddressHiding({
      book: this.book,
      connection,
      entry: (userId) => this.entries.get(userId),
      onEntry: (entry) => {
        this.entries.set(entry.profile.userId, entry);
        this.hiding?.look();
      },
      clock,
      log: new MemoryLog(),
    });
    this.hiding.sessionBegan();
    await clock.advance(0);
    return this.hiding;
  }

  async choose(policy: RoutePolicy): Promise<void> {
    await this.book.choose(ben, policy);
    await clock.advance(0);
  }

  async learn(policy: RoutePolicy, at: number): Promise<void> {
    this.book.learnOwn(ben, { policy, at });
    await clock.advance(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hiding?.close();
    await this.world.dispose();
    if (clock.pendingTimers > 0) throw new Error("a timer outlived it");
  }
}

function entryOf(userId: RosterEntry["profile"]["userId"]): RosterEntry {
  return {
    profile: { userId, userName: "somebody", displayName: "Somebody" },
    state: "buddies",
    nickname: "",
    group: "",
    devices: [],
    logLength: 1,
    presence: { show: "offline", statusText: "", endpoints: [] },
  };
}

test("R8: relay only has the addresses hidden, and what follows shows them, once each", async () => {
  await using bench = new Bench();
  await bench.begin();
  for (const policy of ["relay-only", "lan-only", "automatic", "relay-only"] as const) {
    await bench.choose(policy);
  }
  expect(bench.asked).toEqual(["ben true", "ben false", "ben true"]);
  expect(bench.entries.get(ben)?.hideAddresses).toBe(true);
  bench.hiding?.sessionBegan();
  await clock.advance(0);
  expect(bench.asked).toHaveLength(3);
});

test("R8: chosen without a server, it is asked for as the session begins", async () => {
  await using bench = new Bench();
  await bench.choose("relay-only");
  await bench.begin();
  expect(bench.asked).toEqual(["ben true"]);
});

test("R8: any device hides, and only the one where it was chosen shows", async () => {
  await using bench = new Bench();
  await bench.begin();
  await bench.learn("relay-only", clock.now() + 1);
  expect(bench.asked).toEqual(["ben true"]);
  await bench.learn("automatic", clock.now() + 2);
  expect(bench.asked).toHaveLength(1);
  await bench.learn("direct-only", clock.now() + 3);
  await bench.choose("automatic");
  expect(bench.asked).toEqual(["ben true", "ben false"]);
});

test("R8: a server that does not know of it is asked once in a session; what failed, again", async () => {
  await using bench = new Bench();
  const hiding = await bench.begin();
  bench.isNew = false;
  await bench.choose("relay-only");
  for (let n = 0; n < 5; n += 1) {
    hiding.look();
    await clock.advance(ROUTE_RETRY_MAX_MS);
  }
  expect(bench.asked).toHaveLength(1);
  bench.isNew = true;
  bench.failure = new ProtocolError("rate-limited", "test");
  hiding.sessionBegan();
  await clock.advance(ROUTE_RETRY_MAX_MS);
  expect(bench.asked).toHaveLength(3);
  bench.failure = undefined;
  await clock.advance(ROUTE_RETRY_MAX_MS);
  expect(bench.entries.get(ben)?.hideAddresses).toBe(true);
});
