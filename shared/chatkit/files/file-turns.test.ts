import { expect, test } from "vitest";
import type { MessageId } from "../../protocol/index.ts";
import { MAX_ACTIVE_FETCHES } from "../limits.ts";
import { contentOf } from "../testing/file-vault-contract.ts";
import { CONVERSATION, FileWorld, type FileDevice } from "../testing/file-world.ts";
import { MemorySource } from "../testing/memory-file-vault.ts";

async function trio() {
  const world = new FileWorld();
  return { world, ada: await world.add(1), ben: await world.add(2), eve: await world.add(3) };
}

async function send(from: FileDevice, size: number): Promise<MessageId> {
  return (await from.engine.send(CONVERSATION, new MemorySource(contentOf(size)))).id;
}

test("F4: files of somebody who is not there hold up nobody else's", async () => {
  const { world, ada, ben, eve } = await trio();
  world.away.add(eve.peer.deviceId);
  for (let count = 0; count <= MAX_ACTIVE_FETCHES; count += 1) {
    await ben.engine.fetch(await send(eve, 10));
  }
  world.connect(ada, ben);
  const id = await send(ada, 100_000);
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
});

test("F4: somebody whose files do not move takes a part of the places only", async () => {
  const { world, ada, ben, eve } = await trio();
  for (let count = 0; count <= MAX_ACTIVE_FETCHES; count += 1) {
    await ben.engine.fetch(await send(eve, 10));
  }
  const [link] = world.connect(eve, ben);
  link.tamper = () => undefined;
  world.connect(ada, ben);
  const id = await send(ada, 100_000);
  await ben.engine.fetch(id);
  await world.clock.advance(1_000);
  expect(ben.last(id)?.state).toBe("complete");
});
