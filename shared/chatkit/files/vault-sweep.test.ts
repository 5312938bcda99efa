import { expect, test } from "vitest";
import { VAULT_SWEEP_AFTER_MS } from "../limits.ts";
import { contentOf, fileIdOf } from "../testing/file-vault-contract.ts";
import { CONVERSATION, FileWorld } from "../testing/file-world.ts";
import { MemorySource } from "../testing/memory-file-vault.ts";

const content = contentOf(200_000);

async function pair() {
  const world = new FileWorld();
  const ada = await world.add(1);
  const ben = await world.add(2);
  const swept = () => world.clock.advance(VAULT_SWEEP_AFTER_MS);
  const message = await ada.engine.send(CONVERSATION, new MemorySource(content));
  return { world, ada, ben, swept, message };
}

test("F14: what no message leads to is deleted a while after the start, what one leads to stays", async () => {
  const { ada, ben, message, swept, world } = await pair();
  // The program ended between the file and its message.
  await ada.vault.keep(fileIdOf(77), new MemorySource(content));
  world.connect(ada, ben);
  await ben.engine.fetch(message.id);
  await world.until("it is here", () => ben.last(message.id)?.state === "complete");
  const [received] = await ben.vault.ids();
  await ada.restart();
  await ben.restart();
  expect(await ada.vault.ids()).toContain(fileIdOf(77));
  await swept();
  expect(await ada.vault.ids()).toHaveLength(1);
  expect(await ben.vault.ids()).toEqual([received]);
  expect((await ada.engine.open(message.id)).size).toBe(content.length);
  expect((await ben.engine.open(message.id)).size).toBe(content.length);
});

test("F14: a file whose message is here is remembered anew", async () => {
  const { ada, message, swept } = await pair();
  await ada.forgetRecord(message.id);
  await ada.restart();
  expect(await ada.engine.usage()).toEqual({ files: 0, bytes: 0 });
  await swept();
  expect(await ada.engine.usage()).toEqual({ files: 1, bytes: content.length });
  await ada.engine.cancel(message.id);
  expect(await ada.vault.ids()).toEqual([]);
});

test("F14: what is begun before the sweep is not taken for lost", async () => {
  const { ada, ben, message, swept, world } = await pair();
  await ben.engine.fetch(message.id);
  await ben.forgetRecord(message.id);
  const [link] = world.connect(ada, ben);
  let chunks = 0;
  // A part of it comes, and its message is deleted at this moment.
  link.tamper = (frame) => ((chunks += 1) < 2 ? frame : undefined);
  await world.clock.advance(100);
  expect(await ben.vault.ids()).toHaveLength(1);
  await ben.forgetRecord(message.id);
  world.messages.delete(message.id);
  await swept();
  expect(await ben.vault.ids()).toHaveLength(1);
  await ben.restart();
  await ben.forgetRecord(message.id);
  await swept();
  expect(await ben.vault.ids()).toEqual([]);
});
