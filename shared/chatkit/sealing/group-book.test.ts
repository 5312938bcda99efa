import { afterEach, expect, test } from "vitest";
import { GroupWorld, type GroupDevice } from "../testing/group-world.ts";
import { userIdOf } from "../testing/test-ids.ts";

const ada = userIdOf(1);
const bob = userIdOf(2);

let world: GroupWorld | undefined;

afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function four(suite?: "hybrid" | "classic"): Promise<GroupWorld> {
  world = new GroupWorld(suite);
  await world.add("ada-1", ada);
  await world.add("ada-2", ada);
  await world.add("bob-1", bob);
  await world.add("bob-2", bob);
  for (const device of world.devices) await device.start();
  await world.idle();
  return world;
}

function device(within: GroupWorld, name: string): GroupDevice {
  const found = within.devices.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no device ${name}`);
  return found;
}

test("a message is opened by all devices of both", async () => {
  const all = await four();
  await device(all, "ada-1").say(bob, "hello");
  await all.until("everybody has read it", async () => {
    const read = await Promise.all(all.devices.map((one) => one.read()));
    return read.every((texts) => texts.length === 1);
  });
  await all.idle();
  expect(all.devices.map((one) => one.notices)).toEqual([[], [], [], []]);
});
