import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AutostartFile, autostartEntry, SystemLoginItem } from "./login-item.ts";

describe("on Linux", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "beeline-autostart-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is a file in the autostart folder, made and taken away", async () => {
    const item = new AutostartFile(join(folder, "config"), "/opt/Beeline/beeline");
    expect(await item.get()).toBe(false);
    await item.set(true);
    expect(await item.get()).toBe(true);
    const file = join(folder, "config", "autostart", "beeline.desktop");
    expect(await readFile(file, "utf8")).toContain('Exec="/opt/Beeline/beeline" --hidden\n');
    await item.set(false);
    await item.set(false);
    expect(await item.get()).toBe(false);
  });

  it("says what the system refuses", async () => {
    await writeFile(join(folder, "config"), "a file where a folder must be");
    const item = new AutostartFile(join(folder, "config"), "/opt/Beeline/beeline");
    await expect(item.set(true)).rejects.toThrow("autostart");
  });

  it.each([
    ["/opt/My Apps/beeline", '"/opt/My Apps/beeline"'],
    ["/opt/100%/beeline", '"/opt/100%%/beeline"'],
    ['/opt/$HOME`"/x', String.raw`"/opt/\\$HOME\\${"`"}\\"/x"`],
    [String.raw`/opt/a\b`, String.raw`"/opt/a\\\\b"`],
    ["/opt/a\nHidden=true", String.raw`"/opt/a\nHidden=true"`],
  ])("quotes the program %s", (program, exec) => {
    expect(autostartEntry(program)).toContain(`Exec=${exec} --hidden\n`);
    expect(autostartEntry(program).split("\n")).toHaveLength(7);
  });
});

it("is the system's own elsewhere", async () => {
  let openAtLogin = false;
  const asked: unknown[] = [];
  const item = new SystemLoginItem({
    getLoginItemSettings: () => ({ openAtLogin }),
    setLoginItemSettings: (settings) => {
      asked.push(settings);
      ({ openAtLogin } = settings);
    },
  });
  expect(await item.get()).toBe(false);
  await item.set(true);
  expect(await item.get()).toBe(true);
  expect(asked).toEqual([{ openAtLogin: true, args: ["--hidden"] }]);
});
