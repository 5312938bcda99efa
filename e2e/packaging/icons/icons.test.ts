/** The committed icons, held against their one source. No Chromium is needed here. */
import { readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { ICNS_SIZES, toIcns, toIco } from "./containers.ts";
import { drawingsHash, ICON_FILES, ICONS_FOLDER, RECORD_NAME, sha256 } from "./icon-set.ts";

const Record = v.strictObject({ drawings: v.string(), files: v.record(v.string(), v.string()) });

function read(name: string): Buffer {
  return readFileSync(new URL(name, ICONS_FOLDER));
}

/** Width and height of a PNG image, from its header (PNG specification §11.2.2). */
function sizeOf(png: Buffer): readonly number[] {
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

describe("the icons", () => {
  it("are made from the source as it is now; else: npm run icons", () => {
    const record = v.parse(Record, JSON.parse(read(RECORD_NAME).toString()));
    expect(record.drawings).toBe(drawingsHash());
    const names = ICON_FILES.map(({ name }) => name);
    expect(Object.keys(record.files)).toEqual(names);
    for (const name of names)
      expect([name, sha256(read(name))]).toEqual([name, record.files[name]]);
  });

  it("are all that lies in their folder", () => {
    const folder = fileURLToPath(ICONS_FOLDER);
    const present = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, `${entry.parentPath}/${entry.name}`).replaceAll("\\", "/"));
    expect(new Set(present)).toEqual(new Set([RECORD_NAME, ...ICON_FILES.map(({ name }) => name)]));
  });

  it("have the size that they were drawn for", () => {
    for (const { name, drawings } of ICON_FILES.filter((file) => file.name.endsWith(".png"))) {
      const size = drawings[0]?.size;
      expect([name, ...sizeOf(read(name))]).toEqual([name, size, size]);
    }
  });

  it("hold in the ICO file what its table says", () => {
    const ico = read("icon.ico");
    const count = ico.readUInt16LE(4);
    const sizes = Array.from({ length: count }, (_, index) => {
      const entry = 6 + 16 * index;
      const offset = ico.readUInt32LE(entry + 12);
      const [width] = sizeOf(ico.subarray(offset, offset + ico.readUInt32LE(entry + 8)));
      expect(ico.readUInt8(entry)).toBe((width ?? 0) % 256);
      return width;
    });
    expect(sizes).toEqual([16, 20, 24, 32, 40, 48, 64, 256]);
  });

  it("hold in the ICNS file blocks that fill it exactly", () => {
    const icns = read("icon.icns");
    expect(icns.subarray(0, 4).toString("latin1")).toBe("icns");
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    const sizes: (number | undefined)[] = [];
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
      sizes.push(sizeOf(icns.subarray(at + 8))[0]);
    }
    expect(new Set(sizes)).toEqual(new Set(ICNS_SIZES));
  });
});

it("neither format takes images that it cannot hold", () => {
  const png = Buffer.from("x");
  expect(() => toIco([{ size: 512, png }])).toThrow(RangeError);
  expect(() => toIcns([{ size: 32, png }])).toThrow(RangeError);
});
