/** What `electron-builder.yml` says of files; `package.test.ts` has electron-builder check the rest. */
import { readFileSync, statSync } from "node:fs";
import { expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const text = readFileSync(new URL("electron-builder.yml", ROOT), "utf8");

function valuesOf(key: string): (string | undefined)[] {
  return [...text.matchAll(new RegExp(`^ *${key}: *(.+)$`, "gm"))].map(([, value]) => value);
}

it("names files of the repository that are there", () => {
  const named = ["icon", "entitlements", "entitlementsInherit", "include"].flatMap(valuesOf);
  expect(named).toHaveLength(6);
  for (const path of named) {
    expect([path, statSync(new URL(path ?? "", ROOT), { throwIfNoEntry: false })?.size]).toEqual([
      path,
      expect.any(Number),
    ]);
  }
});

it("makes what each system installs: AppImage, deb and rpm, NSIS and portable, dmg", () => {
  expect(valuesOf("target")).toEqual(["[AppImage, deb, rpm]", "[nsis, portable]"]);
  // With its processors, a list over lines; the archive is what updates are installed from.
  const mac = [...text.matchAll(/^ *- { target: (\w+), arch: (\[.+\]) }$/gm)];
  expect(mac.map(([, target, arch]) => [target, arch])).toEqual([
    ["dmg", "[x64, arm64]"],
    ["zip", "[x64, arm64]"],
  ]);
});

it("gives every package a name of its own, with version and architecture", () => {
  const names = valuesOf("artifactName");
  expect(new Set(names).size).toBe(3);
  for (const name of names) {
    expect(name).toContain("${version}");
    expect(name).toContain("${arch}");
  }
});

it("asks macOS for what the app uses and nothing more", () => {
  const entitlements = readFileSync(
    new URL("app/main/packaging/entitlements.mac.plist", ROOT),
    "utf8",
  );
  const keys = [...entitlements.matchAll(/<key>(.+)<\/key>/g)].map(([, key]) => key);
  expect(keys).toEqual([
    "com.apple.security.cs.allow-jit",
    "com.apple.security.device.audio-input",
  ]);
});
