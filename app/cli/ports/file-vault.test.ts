import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  contentOf,
  describeFileVault,
  fileIdOf,
} from "../../../shared/chatkit/testing/file-vault-contract.ts";
import { createFileVaults } from "./file-vault.ts";
import { PathSource, telling } from "./path-source.ts";

let folder: string;
let vaults = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-vault-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function maker() {
  vaults += 1;
  const place = join(folder, String(vaults));
  return { place, open: () => createFileVaults(place).open("https://host/ada") };
}

describe("the vault in the file system", () => {
  describeFileVault(async () => maker());

  test("a file with a path is read where it lies, while it is the same", async () => {
    const vault = await maker().open();
    const path = join(folder, "notes.txt");
    await writeFile(path, contentOf(1000));
    await vault.keep(fileIdOf(1), await PathSource.at(path));
    const source = await vault.open(fileIdOf(1));
    expect(Uint8Array.from((await source?.read(0, 1000)) ?? [])).toEqual(contentOf(1000));
    await source?.close();

    await utimes(path, new Date(), new Date(2000));
    await expect(vault.open(fileIdOf(1))).rejects.toMatchObject({ reason: "changed" });
    await rm(path);
    await expect(vault.open(fileIdOf(1))).rejects.toMatchObject({ reason: "gone" });
  });

  test("what is written while it is read is no longer the same", async () => {
    const path = join(folder, "log.txt");
    await writeFile(path, "one");
    const source = await PathSource.at(path);
    await writeFile(path, "one and two");
    await expect(source.read(0, 3)).rejects.toMatchObject({ reason: "changed" });
    await source.close();
  });

  test("it is read into the memory that is there, where there is enough, and no further", async () => {
    const path = join(folder, "film.bin");
    await writeFile(path, contentOf(1000));
    const source = await PathSource.at(path);
    const memory = new Uint8Array(600).fill(0xee);
    const first = await source.read(0, 500, memory);
    expect([first.buffer === memory.buffer, first]).toEqual([true, contentOf(500)]);
    expect(memory.subarray(500)).toEqual(new Uint8Array(100).fill(0xee));
    const last = await source.read(900, 500, memory);
    expect([last.buffer === memory.buffer, last]).toEqual([true, contentOf(1000).subarray(900)]);
    const more = await source.read(0, 601, memory);
    expect([more.buffer === memory.buffer, more]).toEqual([false, contentOf(601)]);
    await source.close();
  });

  test("a received file that is sent on outlives the deletion of the first", async () => {
    const vault = await maker().open();
    const receiver = await vault.receive(fileIdOf(1), { name: "a", mediaType: "a/b", size: 3 });
    await receiver.append(contentOf(3));
    await receiver.finish();
    const source = await vault.open(fileIdOf(1));
    if (source === undefined) throw new Error("it is not there");
    await vault.keep(fileIdOf(2), source);
    await vault.delete(fileIdOf(1));
    const other = await vault.open(fileIdOf(2));
    expect(Uint8Array.from((await other?.read(0, 3)) ?? [])).toEqual(contentOf(3));
    await other?.close();
  });

  test("only its owner reads it, and nothing of a deleted file is left", async () => {
    const { open, place } = maker();
    const vault = await open();
    await (await vault.receive(fileIdOf(1), { name: "../a", mediaType: "a/b", size: 0 })).close();
    const [account = ""] = await readdir(join(place, "files"));
    const inside = join(place, "files", account);
    const names = await readdir(inside);
    expect(names.toSorted()).toEqual([`01${"00".repeat(15)}.json`, `01${"00".repeat(15)}.part`]);
    for (const name of names) expect((await stat(join(inside, name))).mode & 0o077).toBe(0);
    await vault.delete(fileIdOf(1));
    expect(await readdir(inside)).toEqual([]);
  });

  test.each([
    ["ENOSPC", "disk-full"],
    ["EACCES", "no-permission"],
    ["ENOENT", "gone"],
    ["EIO", "unknown"],
  ])("%s is told as %s", async (code, reason) => {
    const failing = telling(() => Promise.reject(Object.assign(new Error(code), { code })));
    await expect(failing).rejects.toMatchObject({ name: "FileError", reason });
  });
});
