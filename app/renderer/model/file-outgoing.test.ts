import { expect, test } from "vitest";
import { outgoing, tellsPlace, typeOf, UncleanedError } from "./file-outgoing.ts";
import { pickedFiles } from "./file-picking.ts";

const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const exif = text("Exif\0\0MM\0*\0\0\0\b\0\0GPS of the quay");
const PHOTO = Uint8Array.from([
  ...[0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, ...exif],
  ...[0xff, 0xda, 0, 3, 1, 7, 7, 7, 0xff, 0xd9],
]);
const photo = new File([PHOTO], "quay.jpg", { type: "image/jpeg" });
const plain = { keepMetadata: false, asFile: false };

async function contentOf(picked: Parameters<typeof outgoing>[0], choice = plain): Promise<string> {
  const { source } = await outgoing(picked, choice);
  return Buffer.from(await source.read(0, source.size)).toString("latin1");
}

test("a photo goes without its place, unless the person wants it with it", async () => {
  const picked = { name: "quay.jpg", content: photo };
  expect(await contentOf(picked)).not.toContain("GPS");
  expect(await contentOf(picked, { ...plain, keepMetadata: true })).toContain("GPS");
  expect((await outgoing(picked, plain)).source.mediaType).toBe("image/jpeg");
});

test("a photo that cannot be cleaned does not go by itself", async () => {
  const damaged = new File([PHOTO.subarray(0, 20)], "quay.jpg", { type: "image/jpeg" });
  const picked = { name: "quay.jpg", content: damaged };
  await expect(outgoing(picked, plain)).rejects.toBeInstanceOf(UncleanedError);
  expect(await contentOf(picked, { ...plain, keepMetadata: true })).toContain("Exif");
});

test("a film that cannot be cleaned does not go by itself either", async () => {
  const film = new File(["no film at all"], "quay.mp4", { type: "video/mp4" });
  const picked = { name: "quay.mp4", content: film };
  await expect(outgoing(picked, plain)).rejects.toBeInstanceOf(UncleanedError);
});

test("sent as a file, it says nothing of its kind; its place is taken out all the same", async () => {
  const picked = { name: "quay.jpg", content: photo };
  const { source, options } = await outgoing(picked, { ...plain, asFile: true });
  expect([source.mediaType, options]).toEqual(["application/octet-stream", {}]);
  expect(await contentOf(picked, { ...plain, asFile: true })).not.toContain("GPS");
});

test("a folder becomes one archive with its paths", async () => {
  const content = [{ path: "Survey/inner/a.txt", file: new File(["soundings"], "a.txt") }];
  const zip = await contentOf({ name: "Survey", content });
  expect(zip.startsWith("PK")).toBe(true);
  expect(zip).toContain("Survey/inner/a.txt");
  expect(zip).toContain("soundings");
  expect((await outgoing({ name: "Survey", content }, plain)).source.name).toBe("Survey.zip");
});

test("photos in a folder lose their place too, and one that cannot is named", async () => {
  const inFolder = [{ path: "Trip/quay.jpg", file: photo }];
  expect(await contentOf({ name: "Trip", content: inFolder })).not.toContain("GPS");
  const keep = { ...plain, keepMetadata: true };
  expect(await contentOf({ name: "Trip", content: inFolder }, keep)).toContain("GPS");
  const scan = new File(["II*\0"], "scan.tif");
  const content = [...inFolder, { path: "Trip/scan.tif", file: scan }];
  await expect(outgoing({ name: "Trip", content }, plain)).rejects.toMatchObject({
    name: "UncleanedError",
    fileName: "scan.tif",
  });
  expect(await contentOf({ name: "Trip", content }, keep)).toContain("II*");
});

test("a name that is too long keeps its extension", async () => {
  const name = `${"x".repeat(300)}.tar`;
  const { source } = await outgoing({ name, content: new File(["a"], name) }, plain);
  expect(source.name).toHaveLength(255);
  expect(source.name.endsWith("x.tar")).toBe(true);
});

test("kinds that browsers do not name are known by their extension", () => {
  expect(tellsPlace(new File(["x"], "IMG_1.HEIC"))).toBe(true);
  expect(tellsPlace(new File(["x"], "IMG_2.MOV"))).toBe(true);
  expect(tellsPlace(new File(["x"], "DSC_3.NEF"))).toBe(true);
  expect(tellsPlace(new File(["x"], "notes.txt", { type: "text/plain" }))).toBe(false);
  expect(tellsPlace(new File(["x"], "logo.svg", { type: "image/svg+xml" }))).toBe(false);
  expect(typeOf(new File(["x"], "notes"))).toBe("application/octet-stream");
});

test("what an input gives is single files and folders", () => {
  const inFolder = (path: string): File => {
    const file = new File(["x"], path.split("/").at(-1) ?? "");
    Object.defineProperty(file, "webkitRelativePath", { value: path });
    return file;
  };
  const single = inFolder("");
  const [a, b] = [inFolder("Survey/a.txt"), inFolder("Survey/inner/b.txt")];
  expect(pickedFiles([single, a, b])).toEqual([
    { name: single.name, content: single },
    {
      name: "Survey",
      content: [
        { path: "Survey/a.txt", file: a },
        { path: "Survey/inner/b.txt", file: b },
      ],
    },
  ]);
});
