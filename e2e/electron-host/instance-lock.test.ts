import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { InstanceLock, type SecondStart } from "./instance-lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "beeline-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Another process that asks for the lock, and prints whether it got it. */
async function another(...argv: string[]): Promise<number | null> {
  const module = JSON.stringify(join(import.meta.dirname, "instance-lock.ts"));
  const data = JSON.stringify(folder);
  const start = JSON.stringify({ argv, cwd: "/" });
  const code =
    `import(${module}).then(({ InstanceLock }) => ` +
    `process.exit(new InstanceLock(${data}).take(${start}, () => {}) ? 0 : 7))`;
  const child = spawn(process.execPath, ["-e", code], { stdio: "inherit" });
  await once(child, "exit");
  return child.exitCode;
}

it("has one owner, who is told with what the others were started", async () => {
  const lock = new InstanceLock(folder);
  const told: SecondStart[] = [];
  expect(lock.take({ argv: [], cwd: "/" }, (start) => told.push(start))).toBe(true);
  expect(await another("beeline://a")).toBe(7);
  await vi.waitFor(() => expect(told).toEqual([{ argv: ["beeline://a"], cwd: "/" }]));
  lock.release();
  expect(await another()).toBe(0);
});

it("is free again when its owner has died", () => {
  // No system has as many processes.
  writeFileSync(join(folder, "host-lock"), "2147483646");
  const lock = new InstanceLock(folder);
  expect(lock.take({ argv: [], cwd: "/" }, () => {})).toBe(true);
  lock.release();
});
