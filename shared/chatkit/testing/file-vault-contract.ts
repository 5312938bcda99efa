import * as v from "valibot";
import { expect, test } from "vitest";
import { sameBytes } from "../../crypto/index.ts";
import { encodeId, FileId, ID_BYTES } from "../../protocol/index.ts";
import type { FileSource, FileVault } from "../files/file-vault.ts";
import { MemorySource } from "./memory-file-vault.ts";

export interface VaultMaker {
  /** The vault as a program that starts finds it: the same place each time. */
  open(): Promise<FileVault>;
}

const id = fileIdOf(1);
const other = fileIdOf(2);

export function fileIdOf(n: number): FileId {
  const bytes = new Uint8Array(ID_BYTES);
  bytes[0] = n;
  return v.parse(FileId, encodeId(bytes));
}

/** Bytes of which none is like its neighbour. */
export function contentOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

const file = (size: number) => ({ name: "film.mp4", mediaType: "video/mp4", size });

async function all(source: FileSource | undefined): Promise<Uint8Array | undefined> {
  if (source === undefined) return undefined;
  const bytes = await source.read(0, source.size);
  await source.close();
  return Uint8Array.from(bytes);
}

/** What every vault of files does. */
export function describeFileVault(make: () => Promise<VaultMaker>): void {
  test("a file comes in pieces and is opened once it is whole", async () => {
    const vault = await (await make()).open();
    const content = contentOf(200_000);
    const receiver = await vault.receive(id, file(content.length));
    for (let at = 0; at < content.length; at += 30_000) {
      await receiver.append(content.subarray(at, at + 30_000));
    }
    expect(receiver.length).toBe(content.length);
    expect(await vault.open(id)).toBeUndefined();
    expect(Uint8Array.from(await receiver.read(29_990, 20))).toEqual(
      content.subarray(29_990, 30_010),
    );
    await receiver.finish();
    const source = await vault.open(id);
    expect(source).toMatchObject(file(content.length));
    expect(await all(source)).toEqual(content);
  });

  test("what was appended may be overwritten, whatever the size of the pieces", async () => {
    const vault = await (await make()).open();
    const content = contentOf(2_500_001);
    const receiver = await vault.receive(id, file(content.length));
    const sizes = [1, 524_287, 1, 700_000, 65_536, 1_200_000];
    for (let at = 0; at < content.length;) {
      const piece = content.slice(at, at + (sizes.shift() ?? 5_000));
      await receiver.append(piece);
      at += piece.length;
      piece.fill(0);
    }
    await receiver.finish();
    expect(sameBytes((await all(await vault.open(id))) ?? new Uint8Array(0), content)).toBe(true);
  });

  test("what was flushed is there for the program's next start", async () => {
    const maker = await make();
    const content = contentOf(100_000);
    const receiver = await (await maker.open()).receive(id, file(content.length));
    await receiver.append(content.subarray(0, 60_000));
    await receiver.flush();
    await receiver.close();
    const vault = await maker.open();
    const again = await vault.receive(id, file(content.length));
    expect(again.length).toBe(60_000);
    expect(Uint8Array.from(await again.read(0, 10))).toEqual(content.subarray(0, 10));
    await again.append(content.subarray(60_000));
    await again.finish();
    expect(await all(await vault.open(id))).toEqual(content);
  });

  test("one's own source is kept, as often as it is asked for, and deleted alone", async () => {
    const maker = await make();
    const content = contentOf(70_000);
    const vault = await maker.open();
    const source = new MemorySource(content, { name: "a.txt", mediaType: "text/plain" });
    await vault.keep(id, source);
    await vault.keep(id, source);
    await vault.keep(other, source);
    await vault.delete(id);
    await vault.delete(id);
    expect(await vault.open(id)).toBeUndefined();
    const kept = await (await maker.open()).open(other);
    expect(kept).toMatchObject({ name: "a.txt", mediaType: "text/plain", size: 70_000 });
    expect(await all(kept)).toEqual(content);
  });

  test("what is here is listed, whole or in part, and nothing that was deleted", async () => {
    const maker = await make();
    const vault = await maker.open();
    expect(await vault.ids()).toEqual([]);
    await vault.keep(id, new MemorySource(contentOf(3)));
    const receiver = await vault.receive(other, file(1_000));
    await receiver.append(contentOf(10));
    await receiver.flush();
    await receiver.close();
    const again = await maker.open();
    expect((await again.ids()).toSorted()).toEqual([id, other].toSorted());
    await again.delete(id);
    expect(await again.ids()).toEqual([other]);
    await again.delete(other);
    expect(await again.ids()).toEqual([]);
  });

  test("a file of no bytes is a file; more or fewer than announced are refused", async () => {
    const vault = await (await make()).open();
    await (await vault.receive(id, file(0))).finish();
    expect(await all(await vault.open(id))).toEqual(new Uint8Array(0));
    const receiver = await vault.receive(other, file(3));
    await expect(receiver.append(contentOf(4))).rejects.toMatchObject({ name: "FileError" });
    await expect(receiver.finish()).rejects.toMatchObject({ name: "FileError" });
    await receiver.close();
  });
}
