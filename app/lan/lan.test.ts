import * as v from "valibot";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { LanHandlers, LanMembership, LanState } from "../../shared/chatkit/ports.ts";
import { FakeClock } from "../../shared/chatkit/testing/fake-clock.ts";
import { MemoryLog } from "../../shared/chatkit/testing/test-ports.ts";
import { DeviceId } from "../../shared/protocol/index.ts";
import { createLan } from "./lan.ts";
import { ASK_MS, ECHO_MS, LOOK_MS, MAX_LAN_TEXT_BYTES, MISSED_ASKS } from "./limits.ts";
import { FakeMulticast } from "./testing/fake-multicast.ts";

const lo = { name: "lo", address: "127.0.0.1", cidr: "127.0.0.1/8" };
const ada = v.parse(DeviceId, `${"A".repeat(21)}A`);
const ben = v.parse(DeviceId, `${"B".repeat(21)}A`);

class Node implements LanHandlers, Disposable {
  readonly near: string[] = [];
  readonly gone: string[] = [];
  readonly texts: string[] = [];
  readonly states: LanState[] = [];
  readonly log = new MemoryLog();
  readonly membership: LanMembership;
  interfaces = [lo];

  constructor(self: DeviceId, group: FakeMulticast, clock: FakeClock) {
    this.membership = createLan({
      clock,
      log: this.log,
      interfaces: () => this.interfaces,
      multicast: group.open,
    }).join(self, this);
  }

  onNear(device: DeviceId): void {
    this.near.push(device);
  }
  onGone(device: DeviceId): void {
    this.gone.push(device);
  }
  onText(text: string): void {
    this.texts.push(text);
  }
  onState(state: LanState): void {
    this.states.push(state);
  }
  [Symbol.dispose](): void {
    this.membership.close();
  }
}

const open: Disposable[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one[Symbol.dispose]();
});

function world(): { clock: FakeClock; group: FakeMulticast; join: (self: DeviceId) => Node } {
  const clock = new FakeClock();
  const group = new FakeMulticast();
  return {
    clock,
    group,
    join: (self) => {
      const node = new Node(self, group, clock);
      open.push(node);
      return node;
    },
  };
}

/** For what happens on real sockets; the fake clock stands still meanwhile. */
function soon(holds: () => boolean): Promise<boolean> {
  return vi.waitUntil(holds, { timeout: 5_000, interval: 5 });
}

/** Time by the fake clock in steps, with what the packets of each step cause. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("LAN1 who is near", () => {
  test("two find each other, say goodbye, and hear themselves", async () => {
    const { join } = world();
    const a = join(ada);
    await soon(() => a.membership.state === "working");
    const b = join(ben);
    await soon(() => a.near.length > 0 && b.near.length > 0);
    expect([a.near, b.near]).toEqual([[ben], [ada]]);
    b.membership.close();
    await soon(() => a.gone.length > 0);
    expect(a.gone).toEqual([ben]);
  });

  test("LAN8 one that left without a word is gone after the asks it missed", async () => {
    const { clock, group, join } = world();
    const a = join(ada);
    await soon(() => a.membership.state === "working");
    const b = join(ben);
    await soon(() => a.near.length > 0 && b.near.length > 0);
    for (let minute = 0; minute < 6; minute++) await pass(clock, ASK_MS);
    expect([a.gone, b.gone]).toEqual([[], []]);
    group.cutAllBut(1);
    for (let minute = 0; minute < MISSED_ASKS + 1; minute++) await pass(clock, ASK_MS);
    expect([a.gone, a.membership.state]).toEqual([[ben], "working"]);
    expect([b.gone, b.membership.state]).toEqual([[ada], "unheard"]);
  });

  test("interfaces come and go", async () => {
    const { clock, group, join } = world();
    const a = join(ada);
    await soon(() => a.membership.state === "working");
    a.interfaces = [];
    await pass(clock, LOOK_MS);
    expect(a.membership.state).toBe("failed");
    await soon(() => group.members === 0);
    a.interfaces = [lo];
    await pass(clock, LOOK_MS);
    await soon(() => a.membership.state === "working");
    expect(group.members).toBe(1);
  });

  test("unheard, where one's own announcement does not come back", async () => {
    const { clock, group, join } = world();
    group.silent = true;
    const a = join(ada);
    await soon(() => group.members === 1);
    expect(a.membership.state).toBe("starting");
    await pass(clock, ECHO_MS + LOOK_MS);
    expect(a.membership.state).toBe("unheard");
    group.silent = false;
    await pass(clock, 2 * ASK_MS);
    await soon(() => a.membership.state === "working");
  });

  test("failed, where the system permits nothing; it is tried again", async () => {
    const { clock, group, join } = world();
    group.forbidden = true;
    const a = join(ada);
    await soon(() => a.membership.state === "failed");
    expect(a.log.entries.filter(({ level }) => level === "warn")).toHaveLength(1);
    group.forbidden = false;
    await pass(clock, LOOK_MS);
    await soon(() => a.membership.state === "working");
  });

  test("LAN6 what strangers send is bounded, and ends nothing", async () => {
    const { group, join } = world();
    const a = join(ada);
    await soon(() => a.membership.state === "working");
    for (let n = 0; n < 2_000; n++)
      group.deliver(Buffer.from([n, n >> 8, 132, 0, 0, 9]), "10.0.0.9");
    group.deliver(Buffer.alloc(9_000, 0xc0), "10.0.0.9");
    expect(a.near).toEqual([]);
    expect(a.membership.state).toBe("working");
  });
});

describe("LAN4 texts", () => {
  test("arrive whole, in UTF-8, up to their bound", async () => {
    const { join } = world();
    const a = join(ada);
    const b = join(ben);
    await soon(() => a.near.length > 0 && b.near.length > 0);
    const long = "ü".repeat(MAX_LAN_TEXT_BYTES / 2);
    await a.membership.send(ben, long);
    await a.membership.send(ben, "{}");
    expect(b.texts).toEqual([long, "{}"]);
    await expect(a.membership.send(ben, `${long}ü`)).rejects.toThrow("too long");
  });

  test("to somebody who is not there are refused, and who does not answer is gone", async () => {
    const { group, join } = world();
    const a = join(ada);
    await soon(() => a.membership.state === "working");
    await expect(a.membership.send(ben, "x")).rejects.toThrow("nobody");
    const b = join(ben);
    await soon(() => a.near.length > 0);
    group.cutAllBut(1);
    b.membership.close();
    await expect(a.membership.send(ben, "x")).rejects.toThrow("nobody");
    expect(a.gone).toEqual([ben]);
  });
});
