import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chunkedSeal, encodeBase64, sameBytes } from "../../crypto/index.ts";
import { decodeFileFrame, type FileFrame, type MessageId } from "../../protocol/index.ts";
import { FileWorld, CONVERSATION, type FileDevice } from "../testing/file-world.ts";
import { contentOf } from "../testing/file-vault-contract.ts";
import { MemorySource } from "../testing/memory-file-vault.ts";
import { MAX_LEFT_CHUNKS } from "../limits.ts";
import { fileBodyOf } from "./file-body.ts";
import { FileError } from "./file-vault.ts";

const MIB = 1024 * 1024;

async function pair() {
  const world = new FileWorld();
  const ada = await world.add(1);
  const ben = await world.add(2);
  return { world, ada, ben };
}

async function send(from: FileDevice, content: Uint8Array): Promise<MessageId> {
  return (await from.engine.send(CONVERSATION, new MemorySource(content))).id;
}

async function has(who: FileDevice, id: MessageId, content: Uint8Array): Promise<void> {
  const source = await who.engine.open(id);
  expect(source.size).toBe(content.length);
  expect(sameBytes(await source.read(0, source.size), content)).toBe(true);
}

function chunkOf(frame: Uint8Array): Extract<FileFrame, { type: "chunk" }> | undefined {
  const read = decodeFileFrame(frame);
  return read?.type === "chunk" ? read : undefined;
}

test.each([0, 1, 61_440, 61_441, 9 * MIB, 9 * MIB + 1])(
  "F1, F10: %i bytes arrive, and both know",
  async (size) => {
    const { world, ada, ben } = await pair();
    world.connect(ada, ben);
    const content = contentOf(size);
    const id = await send(ada, content);
    await ben.engine.fetch(id);
    await world.until("it is here", () => ben.last(id)?.state === "complete");
    await has(ben, id, content);
    await world.until("she knows", () => ada.last(id)?.state === "complete");
    expect(ada.last(id)?.devices).toEqual({ complete: 1, all: 1 });
    expect([...ada.problems, ...ben.problems]).toEqual([]);
  },
);

test("F9: it goes on where a link was lost, or the program ended, at any point", async () => {
  const content = contentOf(2 * MIB);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 36 }), fc.constantFrom("cut", "ada", "ben")), {
        maxLength: 3,
      }),
      async (accidents) => {
        const { world, ada, ben } = await pair();
        const id = await send(ada, content);
        await ben.engine.fetch(id);
        for (const [after, accident] of accidents) {
          const [link] = world.connect(ada, ben);
          let left = after;
          let lost = false;
          link.tamper = (frame) => {
            if (chunkOf(frame) !== undefined && (left -= 1) < 0) lost = true;
            return lost ? undefined : frame;
          };
          const isOver = () => lost || ben.last(id)?.state === "complete";
          await world.until("the accident", isOver);
          ada.links.cut();
          ben.links.cut();
          if (accident === "ada") await ada.restart();
          if (accident === "ben") await ben.restart();
        }
        world.connect(ada, ben);
        await world.until("it is here", () => ben.last(id)?.state === "complete");
        await has(ben, id, content);
      },
    ),
    { numRuns: 8 },
  );
});

test("F9: a direct link that opens takes over from the relay", async () => {
  const { world, ada, ben } = await pair();
  const content = contentOf(2 * MIB);
  const id = await send(ada, content);
  const [relay] = world.connect(ada, ben, "relay");
  let relayed = 0;
  relay.tamper = (frame) => {
    if (chunkOf(frame) !== undefined && (relayed += 1) === 10) world.connect(ada, ben);
    return frame;
  };
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
  expect(ben.last(id)?.path).toBe("direct");
  expect(relayed).toBeLessThan(36);
  await has(ben, id, content);
});

test("F4: whoever is not of the conversation gets nothing", async () => {
  const { world, ada, ben } = await pair();
  const eve = await world.add(3);
  const id = await send(ada, contentOf(MIB));
  const [toEve] = world.connect(ada, eve);
  let chunks = 0;
  toEve.tamper = (frame) => {
    if (chunkOf(frame) !== undefined) chunks += 1;
    return frame;
  };
  await eve.engine.fetch(id);
  await world.clock.advance(60_000);
  expect(chunks).toBe(0);
  expect(eve.last(id)?.state).toBe("waiting");
  expect(ben.transfers).toEqual([]);
});

test("F4: a message that names the id of another file gets at nothing of it", async () => {
  const { world, ada, ben } = await pair();
  const content = contentOf(MIB);
  const id = await send(ada, content);
  const body = fileBodyOf(world.messages.get(id));
  if (body === undefined) throw new Error("no file");
  const other = { ...body, size: 5 };
  world.connect(ada, ben);
  const deeds: ((messageId: MessageId) => Promise<void>)[] = [
    // Ben has it under his own name for it: what he serves would take the place of hers.
    (messageId) => ada.engine.fetch(messageId),
    (messageId) => ada.engine.cancel(messageId),
    async (messageId) => {
      await ada.engine.fetch(messageId);
      await ada.engine.forget(messageId);
    },
  ];
  for (const deed of deeds) {
    const forged = world.message(ben.peer, other);
    await expect(ada.engine.open(forged.id)).rejects.toMatchObject({ reason: "not-complete" });
    await deed(forged.id);
    await world.clock.advance(1_000);
    await has(ada, id, content);
  }
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
  await has(ben, id, content);
});

test("F5: other bytes, another index and more than was permitted end the stream, and harm nothing", async () => {
  const { world, ada, ben } = await pair();
  const content = contentOf(2 * MIB);
  const id = await send(ada, content);
  const [link] = world.connect(ada, ben);
  const deeds: ((frame: Uint8Array) => void)[] = [
    (frame) => void (frame[100] = (frame[100] ?? 0) ^ 1),
    (frame) => new DataView(frame.buffer, frame.byteOffset).setUint32(5, 4_000_000_000),
    (frame) => new DataView(frame.buffer, frame.byteOffset).setUint32(5, 100),
  ];
  let seen = 0;
  link.tamper = (frame) => {
    if (chunkOf(frame) === undefined || (seen += 1) % 10 !== 0) return frame;
    deeds.shift()?.(frame);
    return frame;
  };
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
  expect(deeds).toEqual([]);
  await has(ben, id, content);
});

test("F8: only chunks that were asked for, in their order, pass the flood gate", async () => {
  const { world, ada, ben } = await pair();
  const id = await send(ada, contentOf(2 * MIB));
  const [link, ofBen] = world.connect(ada, ben);
  const verdicts: boolean[] = [];
  link.tamper = (frame) => {
    const chunk = chunkOf(frame);
    if (chunk?.index === 0) {
      const later = frame.slice();
      new DataView(later.buffer).setUint32(5, 1);
      verdicts.push(ben.links.expects(ofBen, frame), ben.links.expects(ofBen, later));
    }
    return frame;
  };
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
  expect(verdicts).toEqual([true, false]);
});

test("F7: who does not write gets no more than its credit", async () => {
  const { world, ada, ben } = await pair();
  const id = await send(ada, contentOf(10 * MIB));
  const [link, ofBen] = world.connect(ada, ben);
  let bytes = 0;
  link.tamper = (frame) => {
    if (chunkOf(frame) !== undefined) bytes += frame.length;
    return frame;
  };
  let words = 0;
  // Only the first word, the asking, comes through.
  ofBen.tamper = (frame) => ((words += 1) === 1 ? frame : undefined);
  await ben.engine.fetch(id);
  await world.clock.advance(2_000);
  expect(bytes).toBeGreaterThan(7 * MIB);
  expect(bytes).toBeLessThan(8.1 * MIB);
});

test("F3: a flood of words is dropped, and asks are bounded", async () => {
  const { world, ada, ben } = await pair();
  const id = await send(ada, contentOf(2 * MIB));
  const [ofAda, ofBen] = world.connect(ada, ben);
  let answers = 0;
  ofAda.tamper = (frame) => {
    answers += 1;
    return frame;
  };
  let asked = false;
  ofBen.tamper = (frame) => {
    if (asked || chunkOf(frame) !== undefined) return frame;
    asked = true;
    // The same again and again: one stream comes of it.
    for (let times = 0; times < 5_000; times += 1) ada.links.arrives(ofAda, frame);
    return frame;
  };
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
  expect(answers).toBeLessThan(1_000);
});

test("F10: what is not what was sent is deleted, and told", async () => {
  const { world, ada, ben } = await pair();
  const id = await send(ada, contentOf(MIB));
  const message = world.messages.get(id);
  if (message?.body.type !== "file") throw new Error("no file");
  world.messages.set(id, {
    ...message,
    body: { ...message.body, sha256: `${"A".repeat(43)}=` },
  });
  world.connect(ada, ben);
  await ben.engine.fetch(id);
  await world.until("it failed", () => ben.last(id)?.state === "failed");
  expect(ben.last(id)).toMatchObject({ failure: "hash-mismatch", bytes: 0 });
  await expect(ben.engine.open(id)).rejects.toMatchObject({ reason: "not-complete" });
});

test("F6: a full disk is told, and what was flushed is where it goes on", async () => {
  const { world, ada, ben } = await pair();
  const content = contentOf(2 * MIB);
  const id = await send(ada, content);
  ben.vault.failure = new FileError("disk-full", "full");
  world.connect(ada, ben);
  await ben.engine.fetch(id);
  await world.until("it failed", () => ben.last(id)?.state === "failed");
  expect(ben.last(id)?.failure).toBe("disk-full");
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
  await has(ben, id, content);
});

test("F13: a transfer is told four times a second at the most", async () => {
  const { world, ada, ben } = await pair();
  const [link] = world.connect(ada, ben);
  const id = await send(ada, contentOf(2 * MIB));
  const told: number[] = [];
  link.tamper = (frame) => {
    told.push(ben.transfers.length);
    return frame;
  };
  await ben.engine.fetch(id);
  await world.until("it is here", () => ben.last(id)?.state === "complete");
  // All of it comes in one moment of this clock: each state is told, and hardly any progress.
  expect(ben.transfers.length).toBeLessThan(8);
});

test("F2: a key or a header that is none harms nobody but its file", async () => {
  const { world, ada, ben } = await pair();
  const id = await send(ada, contentOf(10));
  const message = world.messages.get(id);
  if (message?.body.type !== "file") throw new Error("no file");
  for (const change of [
    // Bits left over at the end; 33 bytes.
    { key: `${"A".repeat(42)}B=` },
    { key: "A".repeat(44) },
    { header: `${"A".repeat(30)}==` },
    // A chunk for each 64 bytes.
    { header: encodeBase64(chunkedSeal(new Uint8Array(19), 64).header), size: 65 },
  ]) {
    const body = { ...message.body, ...change };
    const bad = { ...message, body };
    expect(fileBodyOf(bad)).toBeDefined();
    world.messages.set(id, bad);
    ben.engine.arrived(bad);
    await ben.engine.fetch(id);
    expect(ben.last(id)).toMatchObject({ state: "failed", failure: "unknown-seal" });
  }
  expect(ben.problems).toEqual([]);
});

test("F12: a stored chunk of which nothing can come does not hold up the mailbox", async () => {
  const { world, ada, ben } = await pair();
  const id = await send(ada, contentOf(MIB));
  const message = world.messages.get(id);
  if (message?.body.type !== "file") throw new Error("no file");
  const header = encodeBase64(new Uint8Array(24).fill(99));
  world.messages.set(id, { ...message, body: { ...message.body, header } });
  const chunk = { messageId: id, index: 0, sealed: new Uint8Array(100) };
  expect(await ben.engine.storedChunk(chunk)).toBe("done");
  expect(await ben.engine.transfer(id)).toMatchObject({ failure: "unknown-seal" });
});

test("F12: stored chunks of messages that never come fill no more than a part of the mailbox", async () => {
  const { world, ada, ben } = await pair();
  const id = await send(ada, contentOf(MIB));
  world.messages.delete(id);
  const fateOf = (index: number) =>
    ben.engine.storedChunk({ messageId: id, index, sealed: new Uint8Array(100) });
  for (let index = 0; index < MAX_LEFT_CHUNKS; index += 1) {
    expect(await fateOf(index)).toBe("behind");
  }
  expect(await fateOf(MAX_LEFT_CHUNKS)).toBe("done");
  // Those that stayed are found again the next time.
  expect(await fateOf(0)).toBe("behind");
});

test("F2: names that no message can hold are refused", async () => {
  const { ada } = await pair();
  const source = new MemorySource(contentOf(1), { name: "a".repeat(300), mediaType: "a/b" });
  await expect(ada.engine.send(CONVERSATION, source)).rejects.toMatchObject({
    reason: "invalid-file",
  });
});
