import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf } from "./boundaries/imports.ts";
import { layerOf, objection } from "./boundaries/judge.ts";
import { LAYERS, OUTSIDE_LAYERS } from "./boundaries/layers.ts";

const root = join(import.meta.dirname, "..");

/** Every source file below a folder, from the repository's root. */
function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((name) => /\.[cm]?[jt]sx?$/.test(name));
}

function objections(file: string, source: string): string[] {
  const layer = layerOf(file);
  if (layer === undefined) return [`${file} is in no layer of e2e/boundaries/layers.ts`];
  return importsOf(file, source).flatMap((found) => {
    const why = objection(file, layer, found);
    return why === undefined ? [] : [`${file}:${found.line} ${why}`];
  });
}

describe("import boundaries", () => {
  const files = ["shared", "rendezvous", "app"]
    .flatMap(sourcesBelow)
    .filter((file) => !OUTSIDE_LAYERS.has(file));

  it("hold in every source file", () => {
    const found = files.flatMap((file) => objections(file, readFileSync(join(root, file), "utf8")));
    expect(found).toEqual([]);
  });

  it.each(LAYERS)("are checked in every file of $folder", ({ folder }) => {
    const scanned = files.filter((file) => layerOf(file)?.folder === folder);
    // Listed a second way, so that a broken listing cannot pass as an empty layer.
    const present = globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root });
    expect(scanned.length).toBeGreaterThan(0);
    expect(scanned).toEqual(expect.arrayContaining(present));
  });
});

describe("the boundary check itself", () => {
  it.each([
    ["shared/protocol/x.ts", `import { x } from "../chatkit/api.ts";`],
    ["shared/protocol/x.ts", `import "node:fs";`],
    ["shared/crypto/x.ts", `import type { X } from "../protocol/ids.ts";`],
    ["shared/chatkit/x.ts", `import { WebSocket } from "ws";`],
    ["shared/chatkit/deep/x.ts", `export * from "../../../app/peer/peer.ts";`],
    ["shared/chatkit/x.ts", `export { x } from "./testing/fake.ts";`],
    ["shared/chatkit/x.ts", `import { it } from "vitest";`],
    ["shared/chatkit/x.test.ts", `import { x } from "../../rendezvous/main.ts";`],
    ["rendezvous/x.ts", `const x = await import("../shared/chatkit/chatkit.ts");`],
    ["rendezvous/x.ts", `let x: import("../shared/chatkit/api.ts").Status;`],
    ["rendezvous/x.ts", `const x = await import(name);`],
    ["app/main/x.ts", `import { x } from "../../shared/chatkit/chatkit.ts";`],
    ["app/main/x.ts", `import { x } from "../renderer/main.tsx";`],
    ["app/renderer/x.tsx", `import { ipcRenderer } from "electron";`],
    ["app/cli/x.ts", `import { x } from "../../e2e/demo.ts";`],
    ["app/peer/x.ts", `import wrtc from "wrtc";`],
    ["app/new/x.ts", ``],
  ])("refuses in %s: %s", (file, source) => {
    expect(objections(file, source)).toHaveLength(1);
  });

  it.each([
    ["shared/chatkit/x.ts", `import type { X } from "../protocol/index.ts";`],
    ["shared/chatkit/x.test.ts", `import fc from "fast-check"; import "./testing/fake.ts";`],
    ["app/renderer/vite.config.ts", `import { defineConfig } from "vite"; import "node:path";`],
    ["app/renderer/x.tsx", `import { render } from "preact/hooks"; import "./x.css";`],
    ["rendezvous/x.ts", `import { argon2id } from "@noble/hashes/argon2.js"; import "node:fs";`],
  ])("accepts in %s: %s", (file, source) => {
    expect(objections(file, source)).toEqual([]);
  });

  it("does not pass over a file that it cannot parse", () => {
    expect(() => objections("rendezvous/x.ts", "import {")).toThrow("rendezvous/x.ts");
  });
});
