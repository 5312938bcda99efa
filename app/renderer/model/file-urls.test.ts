import { beforeEach, expect, test, vi } from "vitest";
import { decodeBase64 } from "../../../shared/crypto/index.ts";
import { messageIds } from "../testing/fake-files.ts";
import { BlobSource } from "../ports/blob-source.ts";
import { FileUrls } from "./file-urls.ts";

const ids = messageIds(60);
const revoked: string[] = [];

beforeEach(() => {
  revoked.length = 0;
  let made = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => `blob:${(made += 1)}`);
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => revoked.push(url));
});

function urls() {
  const open = vi.fn<() => Promise<BlobSource>>(async () => new BlobSource(new Blob(["x"]), "x"));
  return { open, urls: new FileUrls({ open }) };
}

test("a file has one address, however many show it", async () => {
  const { open, urls: all } = urls();
  const [id] = ids;
  if (id === undefined) throw new Error("no id");
  expect(await all.acquire(id)).toBe(await all.acquire(id));
  expect(open).toHaveBeenCalledOnce();
  all.release(id);
  all.close();
  await vi.waitFor(() => expect(revoked).toEqual(["blob:1"]));
});

test("of those that nobody shows the newest stay, those in use always", async () => {
  const { urls: all } = urls();
  for (const id of ids) await all.acquire(id);
  for (const id of ids.slice(1)) all.release(id);
  await vi.waitFor(() => expect(revoked).toHaveLength(19));
  expect(revoked).not.toContain("blob:1");
  expect(revoked).toContain("blob:2");
  expect(revoked).not.toContain("blob:60");
});

test("what could not be opened is tried again", async () => {
  const { open, urls: all } = urls();
  const [id] = ids;
  if (id === undefined) throw new Error("no id");
  open.mockRejectedValueOnce(new Error("not yet"));
  await expect(all.acquire(id)).rejects.toThrow("not yet");
  expect(await all.acquire(id)).toBe("blob:1");
});

test("a picture that would fill the memory says so, and is saved all the same", async () => {
  const { open, urls: all } = urls();
  const [id] = ids;
  if (id === undefined) throw new Error("no id");
  const bytes = Uint8Array.from(decodeBase64("UklGRgAAAABXRUJQVlA4TAAAAAAv////Dw=="));
  open.mockResolvedValueOnce(new BlobSource(new Blob([bytes], { type: "image/webp" }), "x.webp"));
  expect(await all.isDrawable(id)).toBe(false);
  expect(await all.acquire(id)).toBe("blob:1");
  expect(await all.isDrawable(id)).toBe(false);
});
