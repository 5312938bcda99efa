import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSettings } from "./settings.ts";

let folder: string;
let file: string;
const reports: string[] = [];
const report = (line: string): void => {
  reports.push(line);
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-settings-"));
  file = join(folder, "settings.json");
  reports.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

describe("settings", () => {
  it("survive a restart", async () => {
    const settings = await openSettings(file, report);
    expect(settings.get("theme")).toBeUndefined();
    await settings.set("theme", '"dark"');
    await settings.set("server", '"ws://x"');
    await settings.set("server", undefined);
    const bounds = { x: -5, y: 1, width: 800, height: 600 };
    await settings.setPlace({ bounds, maximised: true });

    const again = await openSettings(file, report);
    expect(again.get("theme")).toBe('"dark"');
    expect(again.get("server")).toBeUndefined();
    expect(again.place).toEqual({ bounds, maximised: true });
    expect(reports).toEqual([]);
  });

  it("take changes made at once, and leave no side file", async () => {
    const settings = await openSettings(file, report);
    await Promise.all([
      settings.set("theme", "1"),
      settings.set("language", "2"),
      settings.set("theme", "3"),
    ]);
    const again = await openSettings(file, report);
    expect([again.get("theme"), again.get("language")]).toEqual(["3", "2"]);
    expect(await readdir(folder)).toEqual(["settings.json"]);
  });

  it("tell when everything is on the disk", async () => {
    const settings = await openSettings(file, report);
    const writes = [settings.set("theme", "1"), settings.set("theme", "2")];
    await settings.settled();
    expect(await readFile(file, "utf8")).toContain('"theme": "2"');
    await Promise.all(writes);
  });

  it.each([
    ["cut off", '{"version":1,"val'],
    ["empty", ""],
    ["of another shape", '{"version":1,"values":{"theme":7}}'],
    ["of another version", '{"version":2,"values":{}}'],
  ])("that are %s are set aside and begun anew", async (_what, text) => {
    await writeFile(file, text);
    const settings = await openSettings(file, report);
    expect(settings.get("theme")).toBeUndefined();
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain(`${file}.damaged`);
    expect(await readFile(`${file}.damaged`, "utf8")).toBe(text);
    await settings.set("theme", "1");
    expect((await openSettings(file, report)).get("theme")).toBe("1");
    expect(reports).toHaveLength(1);
  });

  it("are read as what they must be, or not at all", async () => {
    const settings = await openSettings(file, report);
    expect(settings.read("idleMinutes", v.number())).toBeUndefined();
    await settings.set("idleMinutes", "10");
    expect(settings.read("idleMinutes", v.number())).toBe(10);
    expect(settings.read("idleMinutes", v.boolean())).toBeUndefined();
    await settings.set("idleMinutes", "no json");
    expect(settings.read("idleMinutes", v.number())).toBeUndefined();
  });

  it("tell of their changes", async () => {
    const settings = await openSettings(file, report);
    const seen: unknown[] = [];
    settings.onChange("theme", () => seen.push(settings.get("theme")));
    await settings.set("theme", "1");
    await settings.set("language", "2");
    expect(seen).toEqual(["1"]);
  });

  it("keep what a newer version has added", async () => {
    const newer = { version: 1, values: { theme: "1", shape: "2" }, tabs: [1] };
    await writeFile(file, JSON.stringify(newer));
    const settings = await openSettings(file, report);
    await settings.set("theme", "3");
    const kept: unknown = JSON.parse(await readFile(file, "utf8"));
    expect(kept).toEqual({ version: 1, values: { theme: "3", shape: "2" }, tabs: [1] });
    expect(reports).toEqual([]);
  });

  it("that cannot be read are an error, not a loss", async () => {
    await mkdir(file);
    await expect(openSettings(file, report)).rejects.toThrow("EISDIR");
    expect(await readdir(folder)).toEqual(["settings.json"]);
  });
});
