import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PathSource } from "../app/cli/ports/path-source.ts";
import type { Message, Transfer } from "../shared/chatkit/chatkit.ts";
import type { MessageId } from "../shared/protocol/index.ts";
import { befriend, EngineDevice } from "./support/engine-device.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";

const MIB = 1024 * 1024;

let folder: string;
let server: RendezvousProcess;
let people = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-files-"));
  server = await RendezvousProcess.start(join(folder, "server"));
}, 30_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Options {
  readonly webRtc?: boolean;
  /** Devices of one person need machines of their own. */
  readonly machine?: string;
}

function device(userName: string, { machine = userName, webRtc = true }: Options = {}) {
  const dataFolder = join(folder, machine);
  return new EngineDevice({ server: server.address, dataFolder, userName, webRtc });
}

/** Two who are buddies. */
async function couple(options: Options = {}) {
  people += 1;
  const ada = await device(`ada${people}`, options).register();
  const ben = await device(`ben${people}`, options).register();
  await befriend(ada, ben);
  return {
    ada,
    ben,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([ada.kit.close(), ben.kit.close()]);
    },
  };
}

async function fileOf(bytes: number, name = `file-${randomBytes(4).toString("hex")}.bin`) {
  const path = join(folder, name);
  const content = randomBytes(bytes);
  await writeFile(path, content);
  return { path, hash: hashOf(content) };
}

function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function sendFile(from: EngineDevice, to: EngineDevice, path: string): Promise<Message> {
  const { conversationId } = await from.with(to.userName);
  return await from.kit.files.send(conversationId, await PathSource.at(path));
}

async function comes(who: EngineDevice, id: MessageId): Promise<void> {
  await who.until("the file's message", () => who.told.some((told) => told.id === id));
}

async function reaches(
  who: EngineDevice,
  id: MessageId,
  state: Transfer["state"],
  timeoutMs = 30_000,
): Promise<Transfer> {
  await who.until(state, () => who.transfers.get(id)?.state === state, timeoutMs);
  const transfer = who.transfers.get(id);
  if (transfer === undefined) throw new Error("nothing was told");
  return transfer;
}

async function contentHash(who: EngineDevice, id: MessageId): Promise<string> {
  const source = await who.kit.files.open(id);
  try {
    const hash = createHash("sha256");
    for (let at = 0; at < source.size; at += MIB) hash.update(await source.read(at, MIB));
    return hash.digest("hex");
  } finally {
    await source.close();
  }
}

test("F4, F10: a file goes over the direct link and is compared", { timeout: 60_000 }, async () => {
  await using pair = await couple();
  const { ada, ben } = pair;
  await ada.directOpen(ben.userName);
  const { path, hash } = await fileOf(20 * MIB);
  const { id } = await sendFile(ada, ben, path);
  await comes(ben, id);
  expect(await ben.kit.files.transfer(id)).toMatchObject({
    state: "offered",
    direction: "receive",
  });
  await ben.kit.files.fetch(id);
  const done = await reaches(ben, id, "complete");
  expect(done).toMatchObject({ bytes: 20 * MIB, path: "direct" });
  expect(await contentHash(ben, id)).toBe(hash);
  const sent = await reaches(ada, id, "complete");
  expect(sent.devices).toEqual({ complete: 1, all: 1 });
});

test("F1: a file of no bytes, and one over the relay alone", { timeout: 60_000 }, async () => {
  await using pair = await couple({ webRtc: false });
  const { ada, ben } = pair;
  const empty = await sendFile(ada, ben, (await fileOf(0)).path);
  // Small ones come by themselves.
  expect(await reaches(ben, empty.id, "complete")).toMatchObject({ bytes: 0, path: "relayed" });
  expect((await ben.kit.files.open(empty.id)).size).toBe(0);
  const { path, hash } = await fileOf(12 * MIB + 5);
  const { id } = await sendFile(ada, ben, path);
  await comes(ben, id);
  await ben.kit.files.fetch(id);
  expect(await reaches(ben, id, "complete")).toMatchObject({ path: "relayed" });
  expect(await contentHash(ben, id)).toBe(hash);
});

test("F8: a message does not wait behind a file", { timeout: 60_000 }, async () => {
  await using pair = await couple();
  const { ada, ben } = pair;
  await ada.directOpen(ben.userName);
  await ada.send(ben.userName, "first");
  await ben.until("the first", () => ben.received.includes("first"));
  const { id } = await sendFile(ada, ben, (await fileOf(96 * MIB)).path);
  await comes(ben, id);
  await ben.kit.files.fetch(id);
  await ben.until("some of it", () => (ben.transfers.get(id)?.bytes ?? 0) > 4 * MIB);
  await ada.send(ben.userName, "meanwhile");
  await ben.until("the message", () => ben.received.includes("meanwhile"));
  expect(ben.transfers.get(id)?.state).toBe("active");
  await reaches(ben, id, "complete");
});

test(
  "F9: a transfer goes on after each end was restarted in its midst",
  { timeout: 90_000 },
  async () => {
    people += 1;
    await using ada = await device(`ada${people}`).register();
    await using first = await device(`ben${people}`).register();
    await befriend(ada, first);
    const { path, hash } = await fileOf(64 * MIB);
    const { id } = await sendFile(ada, first, path);
    await comes(first, id);
    await first.kit.files.fetch(id);
    await first.until("some of it", () => (first.transfers.get(id)?.bytes ?? 0) > 10 * MIB);
    await first.kit.close();

    await using ben = await device(`ben${people}`).restore();
    const again = await reaches(ben, id, "active");
    expect(again.bytes).toBeGreaterThan(8 * MIB);
    await ada.kit.close();
    await ben.until("its sender is away", () => ben.transfers.get(id)?.state === "waiting");
    await using anew = await device(`ada${people}`).restore();
    await reaches(ben, id, "complete", 60_000);
    expect(await contentHash(ben, id)).toBe(hash);
    await reaches(anew, id, "complete");
  },
);

test("F9: what a cut link lost comes over the relay", { timeout: 90_000 }, async () => {
  await using pair = await couple();
  const { ada, ben } = pair;
  await ada.directOpen(ben.userName);
  const { path, hash } = await fileOf(64 * MIB);
  const { id } = await sendFile(ada, ben, path);
  await comes(ben, id);
  await ben.kit.files.fetch(id);
  await ben.until("some of it", () => (ben.transfers.get(id)?.bytes ?? 0) > 4 * MIB);
  ada.peers.cut();
  ben.peers.cut();
  await ben.until("the relay", () => ben.transfers.get(id)?.path === "relayed", 60_000);
  await reaches(ben, id, "complete", 60_000);
  expect(await contentHash(ben, id)).toBe(hash);
});

test(
  "F6: pause and cancel at both ends, and a source that is gone",
  { timeout: 90_000 },
  async () => {
    await using pair = await couple();
    const { ada, ben } = pair;
    await ada.directOpen(ben.userName);
    const { path, hash } = await fileOf(64 * MIB);
    const { id } = await sendFile(ada, ben, path);
    await comes(ben, id);
    await ben.kit.files.fetch(id);
    await ben.until("some of it", () => (ben.transfers.get(id)?.bytes ?? 0) > 2 * MIB);
    await ben.kit.files.pause(id);
    const paused = await reaches(ben, id, "paused");
    expect(paused.bytes).toBeGreaterThan(2 * MIB);
    await ada.kit.files.pause(id);
    await ben.kit.files.fetch(id);
    await reaches(ben, id, "waiting");
    await ada.kit.files.fetch(id);
    await reaches(ben, id, "complete");
    expect(await contentHash(ben, id)).toBe(hash);

    const taken = await sendFile(ada, ben, (await fileOf(9 * MIB)).path);
    await comes(ben, taken.id);
    await ada.kit.files.cancel(taken.id);
    await ben.kit.files.fetch(taken.id);
    expect(await reaches(ben, taken.id, "failed")).toMatchObject({ failure: "withdrawn" });

    const gone = await fileOf(9 * MIB);
    const lost = await sendFile(ada, ben, gone.path);
    await comes(ben, lost.id);
    await rm(gone.path);
    await ben.kit.files.fetch(lost.id);
    expect(await reaches(ben, lost.id, "failed")).toMatchObject({ failure: "source-gone" });

    const other = await fileOf(9 * MIB);
    const changed = await sendFile(ada, ben, other.path);
    await comes(ben, changed.id);
    await appendFile(other.path, "more");
    await ben.kit.files.fetch(changed.id);
    expect(await reaches(ben, changed.id, "failed")).toMatchObject({ failure: "source-changed" });
  },
);

test(
  "F4: where the sender’s machine is off, another one of theirs gives the file",
  { timeout: 60_000 },
  async () => {
    await using pair = await couple();
    const { ada, ben } = pair;
    await using phone = await device(ada.userName, { machine: `${ada.userName}-phone` }).signIn();
    // From now on both are in the conversation.
    await ben.send(ada.userName, "hello both");
    await phone.until("the message", () => phone.received.includes("hello both"));
    await ben.kit.files.setAutoFetch(0);
    const { path, hash } = await fileOf(5 * MIB);
    const { id } = await sendFile(ada, ben, path);
    await comes(ben, id);
    await comes(phone, id);
    await phone.kit.files.fetch(id);
    await reaches(phone, id, "complete");
    await ada.kit.close();
    await rm(path);
    await ben.kit.files.fetch(id);
    await reaches(ben, id, "complete");
    expect(await contentHash(ben, id)).toBe(hash);
  },
);

test("F11: what is taken back is deleted at both ends", { timeout: 60_000 }, async () => {
  await using pair = await couple();
  const { ada, ben } = pair;
  const { id } = await sendFile(ada, ben, (await fileOf(MIB)).path);
  await reaches(ben, id, "complete");
  await ada.kit.recall(id);
  await ben.until("the recall", () => true);
  await expect
    .poll(async () => (await ben.kit.message(id))?.body.type, { timeout: 10_000 })
    .toBe("recalled");
  await expect(ben.kit.files.open(id)).rejects.toMatchObject({ reason: "no-such-message" });
});

test(
  "F12: a small file waits in the mailbox, a larger one is offered again",
  { timeout: 90_000 },
  async () => {
    people += 1;
    await using ada = await device(`ada${people}`).register();
    await using first = await device(`ben${people}`).register();
    await befriend(ada, first);
    await first.kit.close();
    await ada.until("he is away", () => ada.entry(first.userName)?.presence.show === "offline");
    const { conversationId } = await ada.with(first.userName);
    const small = await fileOf(3 * MIB + 7);
    const large = await fileOf(20 * MIB);
    const sent = await ada.kit.files.send(conversationId, await PathSource.at(small.path));
    const { id } = await ada.kit.files.send(conversationId, await PathSource.at(large.path));
    await ada.until("it is stored", () => ada.transfers.get(sent.id)?.path === "stored");
    await ada.kit.close();

    await using ben = await device(`ben${people}`).restore();
    expect(await reaches(ben, sent.id, "complete")).toMatchObject({ path: "stored" });
    expect(await contentHash(ben, sent.id)).toBe(small.hash);
    await comes(ben, id);
    await ben.kit.files.fetch(id);
    await reaches(ben, id, "waiting");
    await using again = await device(`ada${people}`).restore();
    await reaches(ben, id, "complete");
    expect(await contentHash(ben, id)).toBe(large.hash);
    await expect
      .poll(async () => (await again.kit.files.transfer(sent.id))?.state, { timeout: 10_000 })
      .toBe("complete");
  },
);
