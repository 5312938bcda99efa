/** What goes into the packages: packed by electron-builder from real builds, in a folder of its own. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { extractFile, listPackage, statFile } from "@electron/asar";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildApp } from "./build-app.ts";
import { makeStandInElectron, readFuses } from "./stand-in-electron.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WORKER = fileURLToPath(new URL("pack-worker.ts", import.meta.url));
const BUILD_MS = 180_000;
/** What the app weighs without Electron; more than this is something that has slipped in. */
const MAX_ASAR_MIB = 12;

let folder: string;
let packed: string;
let asar: string;
let desktopEntry: string;
/** Of the archive, with `/` before each. */
let names: readonly string[];
let sizes: ReadonlyMap<string, number>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-package-"));
  const project = join(folder, "project");
  const electron = join(folder, "electron");
  await mkdir(project);
  for (const name of ["package.json", "LICENSE"]) {
    await copyFile(join(ROOT, name), join(project, name));
  }
  for (const name of ["app", "node_modules"]) {
    await symlink(join(ROOT, name), join(project, name), "junction");
  }
  await buildApp(join(project, "dist"));
  await makeStandInElectron(electron);
  const entryFile = join(folder, "entry");
  await promisify(execFile)(process.execPath, [WORKER, project, electron, entryFile], {
    cwd: ROOT,
    timeout: BUILD_MS,
    // electron-builder names every package of the tree.
    maxBuffer: 16 * 1024 * 1024,
  });
  packed = join(project, "dist", "packages", "linux-unpacked");
  asar = join(packed, "resources", "app.asar");
  desktopEntry = await readFile(entryFile, "utf8");
  const all = listPackage(asar, { isPack: false }).map((name) => name.replaceAll("\\", "/"));
  const found = new Map(all.map((name) => [name, sizeOf(name)]));
  sizes = new Map([...found].flatMap(([name, size]) => (size === undefined ? [] : [[name, size]])));
  names = [...sizes.keys()];
}, BUILD_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Bytes; undefined for a folder. */
function sizeOf(name: string): number | undefined {
  const entry = statFile(asar, name.slice(1));
  return "size" in entry ? entry.size : undefined;
}

function text(name: string): string {
  return extractFile(asar, name.slice(1)).toString();
}

describe("the archive", () => {
  it("holds all that the program loads", async () => {
    expect(names).toContain("/package.json");
    expect(names).toContain("/dist/electron/main.js");
    expect(names).toContain("/dist/electron/preload.cjs");
    const icons = await readdir(join(ROOT, "app", "icons", "shell"));
    for (const icon of icons) expect(names).toContain(`/dist/electron/${icon}`);

    const page = text("/dist/renderer/index.html");
    const linked = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name);
    expect(linked.length).toBeGreaterThan(2);
    for (const name of linked) expect(names).toContain(`/dist/renderer/${name}`);
  });

  it("holds every module that another one imports", () => {
    const modules = names.filter((name) => /^\/dist\/.*\.(?:js|cjs)$/.test(name));
    const missing = modules.flatMap((name) => {
      const imported = [...text(name).matchAll(/(?:from|import)\s*\(?\s*["'`](\.[^"'`]+)["'`]/g)];
      return imported
        .map(([, path]) => new URL(path ?? "", `file://${name}`).pathname)
        .filter((path) => !sizes.has(path));
    });
    expect(missing).toEqual([]);
  });

  it("holds nothing else: no sources, no maps, no packages, no tests", () => {
    const places = /^\/(?:package\.json|dist\/electron\/.*|dist\/renderer\/.*)$/;
    expect(names.filter((name) => !places.test(name))).toEqual([]);
    const unwanted = /\.(?:ts|tsx|map|md|test\.js)$|node_modules|\/testing\//;
    expect(names.filter((name) => unwanted.test(name))).toEqual([]);
  });

  it("imports nothing that is not in it but Electron and Node", () => {
    const outer = names
      .filter((name) => /^\/dist\/electron\/.*\.(?:js|cjs)$/.test(name))
      .flatMap((name) => [
        ...text(name).matchAll(
          /(?:^import\s[^"';]*?|from\s*|require\()["']([\w@][\w@./:-]*)["']/gm,
        ),
      ])
      .map(([, name]) => name ?? "");
    const isOuter = (name: string): boolean => name !== "electron" && !isBuiltin(name);
    expect([...new Set(outer)].filter(isOuter)).toEqual([]);
    expect(outer).toContain("electron");
  });

  it("is started by the right file, under the right names", () => {
    const metadata = v.parse(
      v.object({
        name: v.string(),
        main: v.string(),
        desktopName: v.string(),
        version: v.string(),
      }),
      JSON.parse(text("/package.json")),
    );
    expect(metadata).toMatchObject({
      name: "beeline",
      main: "dist/electron/main.js",
      desktopName: "beeline.desktop",
    });
  });

  it("weighs what such an app may weigh", () => {
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    const largest = [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, 5);
    const told = largest.map(([name, size]) => `${name} ${(size / 1024).toFixed(0)} KiB`);
    const mib = bytes / 1024 / 1024;
    process.stdout.write(
      `app.asar: ${names.length} files, ${mib.toFixed(1)} MiB; ${told.join(", ")}\n`,
    );
    expect(mib).toBeLessThan(MAX_ASAR_MIB);
  });
});

describe("the package", () => {
  it("has the licences of all that it holds", async () => {
    const licence = (name: string): Promise<string> => readFile(join(packed, name), "utf8");
    expect(await licence("LICENSE.beeline.txt")).toContain("MIT");
    expect(await licence("LICENSES.main.md")).toContain("## electron-updater - ");
    expect(await licence("LICENSES.renderer.md")).toContain("## preact - ");
    expect(await licence("LICENSE.electron.txt")).toContain("Electron");
  });

  it("has the languages of the app only", async () => {
    expect((await readdir(join(packed, "locales"))).toSorted()).toEqual(["en-US.pak", "zh-CN.pak"]);
  });

  it("asks nobody for updates unless a feed was given", async () => {
    expect(await readdir(join(packed, "resources"))).not.toContain("app-update.yml");
  });

  it("runs the archive and nothing else", async () => {
    expect(readFuses(await readFile(join(packed, "beeline")))).toMatchObject({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it("is found by desktops: by name, by window and by links", () => {
    const lines = desktopEntry.split("\n");
    expect(lines).toContain("Name=Beeline");
    expect(lines).toContain("StartupWMClass=beeline");
    expect(lines).toContain("MimeType=x-scheme-handler/beeline;");
    expect(lines).toContain("Exec=/opt/Beeline/beeline %U");
    expect(lines).toContain("Icon=beeline");
    expect(lines).toContain("Categories=Network;InstantMessaging;");
  });
});
