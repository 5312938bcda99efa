import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NO_POLICY } from "./policy.ts";
import { type Installation, updateSource } from "./update-source.ts";

let resources: string;
let installed: Installation;

beforeEach(async () => {
  resources = await mkdtemp(join(tmpdir(), "beeline-resources-"));
  const env = { APPIMAGE: "/opt/Beeline.AppImage" };
  installed = { platform: "linux", isPackaged: true, resources, userData: resources, env };
});
afterEach(() => rm(resources, { recursive: true }));

const withFeed = { ...NO_POLICY, updateFeed: "https://updates.example.org" };

it("nobody is asked without a feed", () => {
  expect(updateSource(installed, NO_POLICY)).toBe("no-feed");
});

it("there is one by the package or by the administrator", async () => {
  expect(updateSource(installed, withFeed)).toBeTypeOf("function");
  await writeFile(join(resources, "app-update.yml"), "provider: generic");
  expect(updateSource(installed, NO_POLICY)).toBeTypeOf("function");
  expect(updateSource({ ...installed, isPackaged: false }, NO_POLICY)).toBe("no-feed");
});

it("the administrator's no counts more than any feed", () => {
  expect(updateSource(installed, { ...withFeed, allows: () => false })).toBe("administrator");
});

it("what cannot replace itself is left alone", async () => {
  expect(updateSource({ ...installed, env: {} }, withFeed)).toBe("unsupported");
  const portable = { PORTABLE_EXECUTABLE_FILE: "C:\\Beeline.exe" };
  const windows: Installation = { ...installed, platform: "win32", env: {} };
  expect(updateSource({ ...windows, env: portable }, withFeed)).toBe("unsupported");
  expect(updateSource(windows, withFeed)).toBeTypeOf("function");
  await writeFile(join(resources, "package-type"), "deb");
  expect(updateSource({ ...installed, env: {} }, withFeed)).toBeTypeOf("function");
});
