import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SettingsFile } from "./settings.ts";

let folder: string;
const damaged: string[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "beeline-settings-")), "data");
  damaged.length = 0;
});

afterEach(() => {
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

function open(): Promise<SettingsFile> {
  return SettingsFile.open(folder, (movedTo) => damaged.push(movedTo));
}

test("knows nothing at first and makes no file by reading", async () => {
  const settings = await open();
  expect(settings.server).toBeUndefined();
  expect(settings.user).toBeUndefined();
  expect(() => statSync(folder)).toThrow(/ENOENT/);
});

test("remembers server and user, for its owner alone", async () => {
  await (await open()).remember({ server: "https://h", user: "ada" });
  const again = await open();
  expect([again.server, again.user]).toEqual(["https://h", "ada"]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "cli.json")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["cli.json"]);
});

test.each(["{", "[]", `{"version":1,"server":7}`, `{"version":2}`, ""])(
  "sets a damaged file aside and goes on: %s",
  async (text) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "cli.json"), text);
    const settings = await open();
    expect(settings.server).toBeUndefined();
    const [movedTo = ""] = damaged;
    expect(readFileSync(movedTo, "utf8")).toBe(text);
    await settings.remember({ server: "https://h", user: "ada" });
    expect((await open()).user).toBe("ada");
  },
);

test("a file in the folder's place is a StoreError", async () => {
  writeFileSync(folder, "");
  await expect(open()).rejects.toMatchObject({ name: "StoreError" });
  chmodSync(folder, 0o600);
});

test("H5 the pin of a server is kept with it, and one that is none is damage", async () => {
  const pin = "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ";
  await (await open()).remember({ server: "https://h", user: "ada", pin });
  expect((await open()).pin).toBe(pin);
  await (await open()).remember({ server: "https://other", user: "ada" });
  expect((await open()).pin).toBeUndefined();
  writeFileSync(join(folder, "cli.json"), `{"version":1,"pin":"short"}`);
  expect((await open()).server).toBeUndefined();
  expect(damaged).toHaveLength(1);
});
