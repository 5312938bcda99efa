import * as v from "valibot";
import { expect, test, vi } from "vitest";
import { ConversationId, MessageId } from "../../protocol/index.ts";
import {
  AUTO_FETCH_BURST_BYTES,
  AUTO_FETCH_COST_BYTES,
  FILE_READIES_AT_ONCE,
  MAX_ACTIVE_FETCHES,
  MAX_AUTO_FETCHES,
  MAX_WANTED_FILES,
} from "../limits.ts";
import type { MessageRecord } from "../store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { contentOf } from "../testing/file-vault-contract.ts";
import { CONVERSATION, FileWorld, type FileDevice } from "../testing/file-world.ts";
import { MemorySource } from "../testing/memory-file-vault.ts";
import { AutoFetchBudget } from "./auto-fetch-budget.ts";
import { fileBodyOf } from "./file-body.ts";

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
  expect(ben.transfers.filter(({ state }) => state === "complete")).toHaveLength(1);
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

test("F4: of a flood of files that many are fetched by themselves, and the rest is for the person", async () => {
  const { world, ada, ben } = await trio();
  const message = await ada.engine.send(CONVERSATION, new MemorySource(contentOf(10)));
  const body = fileBodyOf(message);
  if (body === undefined) throw new Error("no file");
  for (let count = 0; count < 10_000; count += 1) {
    const id = v.parse(MessageId, `${String(count).padStart(21, "0")}A`);
    const other: MessageRecord = { ...message, id };
    world.messages.set(id, other);
    ben.engine.arrived(other);
  }
  await world.clock.advance(1_000);
  expect(ben.engine.transfers()).toHaveLength(MAX_AUTO_FETCHES);
  expect(ben.problems).toEqual([]);
  await ben.engine.fetch(message.id);
  expect(ben.engine.transfers()).toHaveLength(MAX_AUTO_FETCHES + 1);
});

test("F6: a flood of words that it can be had brings few askings, and no other end", async () => {
  const { world, ada, ben } = await trio();
  const id = await send(ada, 10);
  const [ofAda, ofBen] = world.connect(ada, ben);
  await ada.engine.pause(id);
  await ben.engine.fetch(id);
  await world.clock.advance(100);
  const words: Uint8Array[] = [];
  ofAda.tamper = (frame) => void words.push(frame);
  await ada.engine.fetch(id);
  const [ready] = words;
  if (ready === undefined) throw new Error("she said nothing");
  await ada.engine.pause(id);
  let refusals = 0;
  ofAda.tamper = (frame) => {
    refusals += 1;
    ben.links.arrives(ofBen, frame);
    ben.links.arrives(ofBen, ready);
    return undefined;
  };
  ben.links.arrives(ofBen, ready);
  await world.clock.advance(1_000);
  expect(refusals).toBeGreaterThan(10);
  expect(refusals).toBeLessThan(FILE_READIES_AT_ONCE + 5);
  ofAda.tamper = (frame) => frame;
  await ada.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
});

test("F10: who leaves while the content is hashed spoils it for nobody", async () => {
  const { world, ada, ben } = await trio();
  const content = contentOf(9 * 1024 * 1024);
  const { id } = await ada.engine.send(CONVERSATION, new MemorySource(content));
  const gate = Promise.withResolvers<void>();
  class SlowSource extends MemorySource {
    override async read(offset: number, length: number): Promise<Uint8Array> {
      // As much at once is read to be hashed only.
      if (length > 1_000_000) await gate.promise;
      return await super.read(offset, length);
    }
  }
  vi.spyOn(ada.vault, "open").mockImplementation(async () => new SlowSource(content));
  const reconnect = (): void => {
    ada.links.cut();
    ben.links.cut();
    world.connect(ada, ben);
  };
  const [link] = world.connect(ada, ben);
  let frames = 0;
  link.tamper = (frame) => ((frames += 1) > 40 ? undefined : frame);
  await ben.engine.fetch(id);
  await world.clock.advance(1_000);
  // From the middle on it is not hashed on the way.
  reconnect();
  await world.until("all chunks are here", () => ben.last(id)?.bytes === content.length);
  reconnect();
  await world.clock.advance(1_000);
  gate.resolve();
  await world.until("it is over", () => /complete|failed/.test(ben.last(id)?.state ?? ""));
  expect(ben.last(id)).toMatchObject({ state: "complete" });
  expect(ada.transfers.filter(({ state }) => state === "failed")).toEqual([]);
});

test("F9: more files that wait than may be wanted do not keep the program from starting", async () => {
  const { world, ada, ben } = await trio();
  const message = await ada.engine.send(CONVERSATION, new MemorySource(contentOf(10)));
  for (let count = 0; count < MAX_WANTED_FILES; count += 1) {
    const id = v.parse(MessageId, `${String(count).padStart(21, "0")}A`);
    world.messages.set(id, { ...message, id });
    await ben.engine.fetch(id);
  }
  await expect(ben.engine.fetch(message.id)).rejects.toMatchObject({ reason: "too-many-requests" });
  await ben.rememberWaiting(message.id);
  await ben.restart();
  const states = ben.engine.transfers().map(({ state }) => state);
  expect(states.filter((state) => state === "waiting")).toHaveLength(MAX_WANTED_FILES);
  expect(states.filter((state) => state === "paused")).toHaveLength(1);
});

test("F4: one person’s files fetch themselves up to so many bytes, and then little by little", () => {
  const clock = new FakeClock();
  const budget = new AutoFetchBudget(clock);
  const other = v.parse(ConversationId, `${"0".repeat(21)}A`);
  const size = AUTO_FETCH_BURST_BYTES / 4;
  const times = (conversation: ConversationId, bytes: number, count: number): number =>
    Array.from({ length: count }, () => budget.take(conversation, bytes)).filter(Boolean).length;
  expect(times(CONVERSATION, size, 10)).toBe(4);
  expect(times(other, size, 1)).toBe(1);
  // The smallest counts as well: it is asked for, and remembered.
  expect(times(other, 0, 10_000)).toBe((3 * size) / AUTO_FETCH_COST_BYTES);
  // Whoever wants larger ones by themselves gets them one at a time.
  expect(budget.take(CONVERSATION, 8 * AUTO_FETCH_BURST_BYTES)).toBe(false);
});
