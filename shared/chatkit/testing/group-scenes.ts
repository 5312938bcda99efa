import { expect } from "vitest";
import type { MlsSuite } from "../../crypto/index.ts";
import type { GroupDevice } from "./group-device.ts";
import { GroupWorld, type Fate, type WorldState } from "./group-world.ts";
import { userIdOf } from "./test-ids.ts";

export const ada = userIdOf(1);
export const bob = userIdOf(2);

/** A fate for one step, each other step goes well. */
export interface Accident {
  readonly step: string;
  readonly fate: Fate;
}

/** Two devices of one user and two of another. */
export interface Scene extends AsyncDisposable {
  readonly world: GroupWorld;
  readonly ada1: GroupDevice;
  readonly ada2: GroupDevice;
  readonly bob1: GroupDevice;
  readonly bob2: GroupDevice;
  /** Steps in the order in which they were first made. */
  readonly steps: ReadonlySet<string>;
}

/** All four are started. @param from where an earlier scene was left */
export async function scene(
  suite: MlsSuite,
  from?: WorldState,
  accident?: Accident,
): Promise<Scene> {
  const world = new GroupWorld(suite);
  const steps = new Set<string>();
  const ada1 = await world.add("ada-1", ada, bob, from);
  const ada2 = await world.add("ada-2", ada, bob, from);
  const bob1 = await world.add("bob-1", bob, ada, from);
  const bob2 = await world.add("bob-2", bob, ada, from);
  if (from !== undefined) world.server.restore(from.server);
  world.fate = (step) => {
    steps.add(step);
    return step === accident?.step ? accident.fate : undefined;
  };
  for (const device of world.devices) await device.start();
  return { world, ada1, ada2, bob1, bob2, steps, [Symbol.asyncDispose]: () => world.close() };
}

const begun = new Map<string, Promise<WorldState>>();

/** Signed in, their key packages published, nothing said yet: made once, begun from often. */
export function signedIn(suite: MlsSuite): Promise<WorldState> {
  return once(`signed in ${suite}`, async () => {
    await using beginning = await scene(suite);
    await beginning.world.idle();
    return await beginning.world.snapshot();
  });
}

/** In one group, and one message, "hello", read by all. */
export function talking(suite: MlsSuite): Promise<WorldState> {
  return once(`talking ${suite}`, async () => {
    await using beginning = await scene(suite, await signedIn(suite));
    await beginning.ada1.say("hello");
    await allRead(beginning, ["hello"]);
    await beginning.world.idle();
    return await beginning.world.snapshot();
  });
}

function once(what: string, make: () => Promise<WorldState>): Promise<WorldState> {
  const known = begun.get(what) ?? make();
  begun.set(what, known);
  return known;
}

/** As soon as that device runs; again where it stops before it is saved. */
export async function say(device: GroupDevice, text: string): Promise<void> {
  let isSaved = false;
  while (!isSaved) {
    await device.world.until(`${device.name} runs`, () => device.isRunning);
    isSaved = await device.say(text).then(
      () => true,
      () => false,
    );
  }
}

/** Until each of the running devices has exactly these in its history, and nobody owes anybody an answer. */
export async function allRead({ world }: Scene, texts: readonly string[]): Promise<void> {
  const expected = texts.toSorted().join("\n");
  await world.until(`all have read ${texts.join(", ")}`, async () => {
    for (const device of world.devices) {
      if (device.isDown) continue;
      if (!(await device.isDone()) || (await device.read()).join("\n") !== expected) return false;
    }
    return true;
  });
}

/** Whoever missed an event hears of it when the next session begins. */
export async function newSessions({ world }: Scene): Promise<void> {
  for (const device of world.devices) if (device.isRunning) device.goOnline();
  await world.idle();
}

/** All running devices are in the same epoch of the same group, and only they. */
export async function expectAgreement({ world }: Scene): Promise<void> {
  const running = world.devices.filter(({ isDown }) => !isDown);
  const groups = await Promise.all(running.map((device) => device.group()));
  for (const group of groups) {
    expect(group?.members).toHaveLength(running.length);
    expect(group?.epoch).toBe(groups[0]?.epoch);
    expect(group?.confirmation).toEqual(groups[0]?.confirmation);
  }
}
