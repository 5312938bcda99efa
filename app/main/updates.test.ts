import { EventEmitter } from "node:events";
import { expect, describe, it } from "vitest";
import type { UpdateState } from "../preload/update-state.ts";
import { Updates } from "./updates.ts";
import type { Updater } from "./updates.ts";

class FakeUpdater extends EventEmitter implements Updater {
  checks = 0;
  readonly installed: boolean[][] = [];
  /** What a check does; by default it finds nothing. */
  answer = async (): Promise<void> => void this.emit("update-not-available");

  async checkForUpdates(): Promise<void> {
    this.checks++;
    await this.answer();
  }
  quitAndInstall(...how: boolean[]): void {
    this.installed.push(how);
  }
  /** As electron-updater: an event and a rejection. */
  fail(error: Error): never {
    this.emit("error", error);
    throw error;
  }
}

function coded(code: string): Error {
  return Object.assign(new Error("made up"), { code });
}

function started(off?: "administrator" | "no-feed" | "unsupported") {
  const updater = new FakeUpdater();
  const told: UpdateState[] = [];
  const reported: unknown[] = [];
  const waiting: { ms: number; run: () => void }[] = [];
  let loads = 0;
  let restarts = 0;
  const updates = new Updates({
    source:
      off ??
      (async () => {
        loads++;
        return updater;
      }),
    clock: {
      now: () => 1_000,
      after: (ms, run) => {
        const entry = { ms, run };
        waiting.push(entry);
        return () => void waiting.splice(waiting.indexOf(entry), 1);
      },
    },
    onChange: (state) => told.push(state),
    beforeRestart: () => restarts++,
    report: (problem) => reported.push(problem),
  });
  updates.start();
  return { updates, updater, told, reported, waiting, count: () => ({ loads, restarts }) };
}

describe("updates", () => {
  it.each(["administrator", "no-feed", "unsupported"] as const)(
    "that are off (%s) load nothing and ask nobody",
    async (reason) => {
      const { updates, updater, waiting, count, told } = started(reason);
      expect(updates.state).toEqual({ type: "off", reason });
      await updates.check();
      await updates.restart();
      expect([waiting, told, updater.checks, count().loads]).toEqual([[], [], 0, 0]);
    },
  );

  it("are asked for after a while, and again and again until the end", async () => {
    const { updates, updater, waiting } = started();
    expect(waiting.map(({ ms }) => ms)).toEqual([60_000]);
    waiting.shift()?.run();
    await expect.poll(() => updates.state).toEqual({ type: "current", checkedAt: 1_000 });
    expect(waiting.map(({ ms }) => ms)).toEqual([6 * 60 * 60_000]);
    waiting.shift()?.run();
    await expect.poll(() => updater.checks).toBe(2);
    updates.stop();
    expect(waiting).toEqual([]);
  });

  it("are told from found to ready, and installed only when the person says so", async () => {
    const { updates, updater, told, count } = started();
    updater.answer = async () => void updater.emit("update-available", { version: "2.0.0" });
    await updates.check();
    updater.emit("download-progress", { percent: 12.3 });
    updater.emit("download-progress", { percent: 12.9 });
    await updates.check();
    await updates.restart();
    expect([updater.checks, updater.installed]).toEqual([1, []]);
    updater.emit("update-downloaded", { version: "2.0.0" });
    expect(told).toEqual([
      { type: "checking" },
      { type: "downloading", version: "2.0.0", percent: 0 },
      { type: "downloading", version: "2.0.0", percent: 12 },
      { type: "ready", version: "2.0.0" },
    ]);
    await updates.check();
    expect(updater.checks).toBe(1);
    await updates.restart();
    expect(updater.installed).toEqual([[true, true]]);
    expect(count()).toEqual({ loads: 1, restarts: 1 });
  });

  it("that cannot be asked for say so once, and are asked for again", async () => {
    const { updates, updater, reported } = started();
    updater.answer = async () => updater.fail(coded("ENOTFOUND"));
    await updates.check();
    expect(updates.state).toEqual({ type: "failed", reason: "unreachable" });
    expect(reported).toHaveLength(1);
    updater.answer = async () => void updater.emit("update-not-available");
    await updates.check();
    expect(updates.state.type).toBe("current");
  });

  it.each([
    ["ECONNRESET", "interrupted"],
    ["ERR_CHECKSUM_MISMATCH", "untrusted"],
    ["ERR_UPDATER_INVALID_SIGNATURE", "untrusted"],
  ])("whose download ends with %s are %s", async (code, reason) => {
    const { updates, updater } = started();
    updater.answer = async () => void updater.emit("update-available", { version: "2.0.0" });
    await updates.check();
    updater.emit("error", coded(code));
    expect(updates.state).toEqual({ type: "failed", reason });
  });

  it("that are ready stay so through failures, but for that of the installation", async () => {
    const { updates, updater } = started();
    await updates.check();
    updater.emit("update-downloaded", { version: "2.0.0" });
    updater.emit("error", coded("ENOTFOUND"));
    expect(updates.state.type).toBe("ready");
    await updates.restart();
    updater.emit("error", coded("EACCES"));
    expect(updates.state).toEqual({ type: "failed", reason: "not-installed" });
  });

  it("whose updater cannot be loaded are told too", async () => {
    const states: UpdateState[] = [];
    const updates = new Updates({
      source: () => Promise.reject(new Error("no such module")),
      clock: { now: () => 0, after: () => () => {} },
      onChange: (state) => states.push(state),
      beforeRestart: () => {},
      report: () => {},
    });
    await updates.check();
    expect(states.at(-1)).toEqual({ type: "failed", reason: "unreachable" });
  });
});
