import "fake-indexeddb/auto";
import { Dexie } from "dexie";
import * as v from "valibot";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { FileSource } from "../../../shared/chatkit/files/file-vault.ts";
import { encodeId, FileId } from "../../../shared/protocol/index.ts";
import { describeFileVault } from "../../../shared/chatkit/testing/file-vault-contract.ts";
import { BlobSource } from "./blob-source.ts";
import { IndexedFileVault } from "./indexed-file-vault.ts";

const MIB = 1024 * 1024;
const id = v.parse(FileId, encodeId(new Uint8Array(16).fill(1)));
const other = v.parse(FileId, encodeId(new Uint8Array(16).fill(2)));

function some(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 10)) & 0xff);
}

const file = (size: number) => ({ name: "film.mp4", mediaType: "video/mp4", size });

async function contentOf(source: FileSource | undefined): Promise<Uint8Array | undefined> {
  return source?.read(0, source.size);
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const name of await Dexie.getDatabaseNames()) await Dexie.delete(name);
});

describe("the vault in IndexedDB", () => {
  describeFileVault(async () => ({ open: async () => new IndexedFileVault("https://host/ada") }));
});

test("a file that is received over several pieces is opened as it was sent", async () => {
  await using vault = new IndexedFileVault("https://host/ada");
  const bytes = some(2 * MIB + 77);
  const receiver = await vault.receive(id, file(bytes.length));
  for (let at = 0; at < bytes.length; at += 300_000) {
    await receiver.append(bytes.subarray(at, at + 300_000));
  }
  expect(await vault.open(id)).toBeUndefined();
  await receiver.finish();
  const source = await vault.open(id);
  expect(source).toMatchObject({ name: "film.mp4", mediaType: "video/mp4", size: bytes.length });
  expect(Buffer.compare((await contentOf(source)) ?? new Uint8Array(), bytes)).toBe(0);
  expect(await source?.read(MIB - 3, 6)).toEqual(bytes.subarray(MIB - 3, MIB + 3));
});

test("what was flushed is there after a restart, what was not is asked for again", async () => {
  const bytes = some(MIB + 500);
  {
    await using vault = new IndexedFileVault("a");
    const receiver = await vault.receive(id, file(bytes.length));
    await receiver.append(bytes.subarray(0, MIB + 100));
    await receiver.flush();
    await receiver.append(bytes.subarray(MIB + 100, MIB + 400));
    expect(receiver.length).toBe(MIB + 400);
    expect(await receiver.read(MIB + 50, 1000)).toEqual(bytes.subarray(MIB + 50, MIB + 400));
  }
  await using vault = new IndexedFileVault("a");
  const receiver = await vault.receive(id, file(bytes.length));
  expect(receiver.length).toBe(MIB + 100);
  expect(await receiver.read(MIB - 2, 50)).toEqual(bytes.subarray(MIB - 2, MIB + 48));
  expect(await receiver.read(10, 5)).toEqual(bytes.subarray(10, 15));
  await receiver.append(bytes.subarray(MIB + 100));
  await receiver.finish();
  expect(Buffer.compare((await contentOf(await vault.open(id))) ?? bytes, bytes)).toBe(0);
});

test("one's own file is kept, whether it is the browser's or read piece by piece", async () => {
  const bytes = some(MIB + 9);
  const blob = new BlobSource(new Blob([bytes]), "notes.bin", "audio/webm;codecs=opus");
  const plain: FileSource = {
    name: "plain",
    mediaType: "text/plain",
    size: bytes.length,
    read: (offset, length) => blob.read(offset, length),
    close: async () => undefined,
  };
  {
    await using vault = new IndexedFileVault("a");
    await vault.keep(id, blob);
    await vault.keep(id, blob);
    await vault.keep(other, plain);
  }
  await using vault = new IndexedFileVault("a");
  expect(await vault.open(id)).toMatchObject({ name: "notes.bin", mediaType: "audio/webm" });
  for (const fileId of [id, other]) {
    expect(await contentOf(await vault.open(fileId))).toEqual(bytes);
  }
});

test("a source that fails while it is copied leaves nothing", async () => {
  await using vault = new IndexedFileVault("a");
  const plain: FileSource = {
    name: "plain",
    mediaType: "text/plain",
    size: 2 * MIB,
    read: async (offset) => (offset === 0 ? some(MIB) : new Uint8Array()),
    close: async () => undefined,
  };
  await expect(vault.keep(id, plain)).rejects.toMatchObject({ reason: "changed" });
  expect((await vault.receive(id, file(2 * MIB))).length).toBe(0);
});

test("whatever size a message tells, one piece is in memory", async () => {
  await using vault = new IndexedFileVault("a");
  const before = process.memoryUsage().arrayBuffers;
  const receiver = await vault.receive(id, file(2 * 1024 * 1024 * MIB));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(65 * MIB);
  await receiver.append(some(10));
  await receiver.flush();
  expect((await vault.receive(id, file(2 * 1024 * 1024 * MIB))).length).toBe(10);
});

test("a file of no bytes is a file", async () => {
  await using vault = new IndexedFileVault("a");
  await (await vault.receive(id, file(0))).finish();
  expect(await vault.open(id)).toMatchObject({ size: 0 });
});

test("more or fewer bytes than announced are refused", async () => {
  await using vault = new IndexedFileVault("a");
  const receiver = await vault.receive(id, file(3));
  await expect(receiver.append(some(4))).rejects.toMatchObject({ name: "FileError" });
  await expect(receiver.finish()).rejects.toMatchObject({ name: "FileError" });
});

test("a full disk is told as such, and nothing of what was flushed is lost", async () => {
  await using vault = new IndexedFileVault("a");
  const receiver = await vault.receive(id, file(10));
  await receiver.append(some(4));
  await receiver.flush();
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  await receiver.append(some(4));
  await expect(receiver.flush()).rejects.toMatchObject({ reason: "disk-full" });
  vi.restoreAllMocks();
  expect((await vault.receive(id, file(10))).length).toBe(4);
});

test("deleting takes the pieces too, and leaves other files; forgetting leaves nothing", async () => {
  await using vault = new IndexedFileVault("a");
  const receiver = await vault.receive(id, file(5));
  await receiver.append(some(5));
  await receiver.finish();
  await vault.keep(other, new BlobSource(new Blob(["x"]), "x"));
  await vault.delete(id);
  await vault.delete(id);
  expect(await vault.open(id)).toBeUndefined();
  expect((await vault.receive(id, file(5))).length).toBe(0);
  expect(await vault.open(other)).toBeDefined();
  await vault.clear();
  expect(await Dexie.getDatabaseNames()).toEqual([]);
});

test("a source that cannot be read says why", async () => {
  const blob = new Blob(["abc"]);
  const fails = (name: string) => {
    const slice = new Blob();
    vi.spyOn(slice, "arrayBuffer").mockRejectedValue(new DOMException("no", name));
    vi.spyOn(blob, "slice").mockReturnValue(slice);
    return new BlobSource(blob, "a").read(0, 1);
  };
  await expect(fails("NotFoundError")).rejects.toMatchObject({ reason: "gone" });
  await expect(fails("NotReadableError")).rejects.toMatchObject({ reason: "changed" });
  await expect(fails("NotAllowedError")).rejects.toMatchObject({ reason: "no-permission" });
});
