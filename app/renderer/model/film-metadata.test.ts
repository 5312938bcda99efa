import { expect, test } from "vitest";
import { filmWithoutMetadata } from "./film-metadata.ts";

const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const be16 = (value: number): number[] => [value >> 8, value & 255];
const be32 = (value: number): number[] => [...be16(value >>> 16), ...be16(value & 0xffff)];

function box(type: string, ...content: (readonly number[])[]): number[] {
  const all = content.flat();
  return [...be32(all.length + 8), ...Buffer.from(type, "latin1"), ...all];
}
/** Made and changed at a time that can be found again. */
const times = [0, 0, 0, 0, ...text("MADE"), ...text("MADE")];
const handler = (type: string): number[] =>
  box("hdlr", [0, 0, 0, 0], be32(0), text(type), be32(0), be32(0), be32(0), [0]);

interface Chunks {
  readonly offsets: readonly number[];
  readonly perChunk: number;
  readonly sizes: readonly number[];
}

function track(type: string, { offsets, perChunk, sizes }: Chunks, ...more: number[][]): number[] {
  const tables = box(
    "stbl",
    box("stsc", be32(0), be32(1), be32(1), be32(perChunk), be32(1)),
    box("stsz", be32(0), be32(0), be32(sizes.length), sizes.flatMap(be32)),
    box("stco", be32(0), be32(offsets.length), offsets.flatMap(be32)),
  );
  const media = box("mdia", box("mdhd", times), handler(type), box("minf", tables));
  return box("trak", box("tkhd", times), media, ...more);
}

const start = box("ftyp", text("isom"), be32(0));
/** Picture, sound and a camera's notes as they lie beside each other. */
const data = box(
  "mdat",
  text("PICTURE1"),
  text("GPS1"),
  text("GPS-2"),
  text("PICTURE2"),
  text("GPS3"),
);
const notes = start.length + 8 + 8;

function film(...more: number[][]): number[] {
  const shown = { offsets: [start.length + 8, notes + 9], perChunk: 1, sizes: [8, 8] };
  const told = { offsets: [notes, notes + 17], perChunk: 2, sizes: [4, 5, 4, 0] };
  const movie = box(
    "moov",
    box("mvhd", times),
    track("vide", shown, box("udta", box("name", text("GPS of a track")))),
    track("meta", told),
    box("udta", box("\u00a9xyz", text("+57.7089+GPS/"))),
    box("meta", text("com.apple.quicktime.location GPS")),
  );
  return [...start, ...data, ...movie, ...more.flat()];
}

async function cleaned(bytes: readonly number[]): Promise<string | undefined> {
  const blob = await filmWithoutMetadata(new Blob([Uint8Array.from(bytes)]));
  return blob && Buffer.from(await blob.arrayBuffer()).toString("latin1");
}

test("place, time and the camera's notes go; picture and sound stay where they are", async () => {
  const bytes = film(box("uuid", text("XMP with GPS")), box("free", text("an older GPS")));
  const clean = (await cleaned(bytes)) ?? "";
  expect(clean).toHaveLength(bytes.length);
  for (const word of ["GPS", "MADE", "57.7", "quicktime"]) expect(clean).not.toContain(word);
  const before = Buffer.from(bytes).toString("latin1");
  for (const word of ["PICTURE1", "PICTURE2", "moov", "vide", "stsz"]) {
    expect(clean.indexOf(word)).toBe(before.indexOf(word));
  }
  expect(clean).not.toContain("udta");
  // The track of the notes is no track any more.
  expect(clean.split("trak")).toHaveLength(2);
});

test("what is not understood is told: no film, a cut one, notes in fragments or beyond the end", async () => {
  expect(await cleaned(text("not a film at all, but words"))).toBeUndefined();
  expect(await cleaned([...start, ...data])).toBeUndefined();
  expect(await cleaned(film().slice(0, -5))).toBeUndefined();
  expect(await cleaned(film(box("moof", [])))).toBeUndefined();
  const beyond = track("meta", { offsets: [9_999], perChunk: 1, sizes: [4] });
  expect(await cleaned([...start, ...data, ...box("moov", beyond)])).toBeUndefined();
  const over = track("meta", { offsets: [notes, notes], perChunk: 1, sizes: [4, 4] });
  expect(await cleaned([...start, ...data, ...box("moov", over)])).toBeUndefined();
});

test("what was cleaned is left as it is", async () => {
  const once = (await cleaned(film())) ?? "";
  expect(await cleaned([...Buffer.from(once, "latin1")])).toBe(once);
});
