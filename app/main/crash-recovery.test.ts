import { expect, it, vi } from "vitest";
import { CrashRecovery } from "./crash-recovery.ts";

class FakePage {
  reloads = 0;
  ended = 0;
  destroyed = false;
  gone = (_reason: string): void => undefined;
  hanging = (): void => undefined;
  answering = (): void => undefined;
  onGone(listener: (reason: string) => void): void {
    this.gone = listener;
  }
  onHanging(listener: () => void): void {
    this.hanging = listener;
  }
  onAnswering(listener: () => void): void {
    this.answering = listener;
  }
  reload(): void {
    this.reloads += 1;
  }
  end(): void {
    this.ended += 1;
    this.gone("killed");
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
}

function setUp() {
  const page = new FakePage();
  const asked: string[] = [];
  const problems: unknown[] = [];
  let now = 0;
  let quits = 0;
  let answerCrash: (answer: "reload" | "quit") => void = () => undefined;
  let answerHanging: (answer: "reload" | "wait") => void = () => undefined;
  const recovery = new CrashRecovery({
    now: () => now,
    report: (problem) => problems.push(problem),
    askCrashed: () => {
      asked.push("crashed");
      return new Promise((resolve) => (answerCrash = resolve));
    },
    askHanging: (withdraw) => {
      asked.push("hanging");
      return new Promise((resolve) => {
        answerHanging = resolve;
        // As Electron's dialog: it closes, and answers as if it had been dismissed.
        withdraw.addEventListener("abort", () => resolve("wait"));
      });
    },
    quit: () => (quits += 1),
  });
  recovery.watch(page);
  return {
    page,
    asked,
    problems,
    wait: (ms: number) => (now += ms),
    crash: async (reason = "crashed") => {
      page.gone(reason);
      await Promise.resolve();
    },
    answerCrash: (answer: "reload" | "quit") => answerCrash(answer),
    answerHanging: (answer: "reload" | "wait") => answerHanging(answer),
    quits: () => quits,
  };
}

it("opens the page again three times in a minute, then asks", async () => {
  const { page, asked, crash, answerCrash, problems } = setUp();
  for (let n = 0; n < 3; n++) await crash();
  expect([page.reloads, asked]).toEqual([3, []]);
  await crash("oom");
  expect([page.reloads, asked]).toEqual([3, ["crashed"]]);
  expect(problems.at(-1)).toContain("oom");
  answerCrash("reload");
  await vi.waitFor(() => expect(page.reloads).toBe(4));
  // Whoever was asked gets three more.
  await crash();
  expect(asked).toEqual(["crashed"]);
});

it("ends when a person says so", async () => {
  const { page, crash, answerCrash, quits } = setUp();
  for (let n = 0; n < 4; n++) await crash();
  answerCrash("quit");
  await vi.waitFor(() => expect(quits()).toBe(1));
  expect(page.reloads).toBe(3);
});

it("forgets what is longer ago than a minute, and leaves alone what ended in peace", async () => {
  const { page, asked, crash, wait } = setUp();
  for (let n = 0; n < 8; n++) {
    await crash();
    wait(30_000);
  }
  expect([page.reloads, asked]).toEqual([8, []]);
  await crash("clean-exit");
  page.destroyed = true;
  await crash();
  expect(page.reloads).toBe(8);
});

it("asks once what to do with a page that hangs, and ends it only when told so", async () => {
  const { page, asked, answerHanging } = setUp();
  page.hanging();
  page.hanging();
  expect(asked).toEqual(["hanging"]);
  answerHanging("wait");
  await vi.waitFor(() => {
    page.hanging();
    expect(asked).toHaveLength(2);
  });
  expect(page.ended).toBe(0);
  answerHanging("reload");
  await vi.waitFor(() => expect([page.ended, page.reloads]).toEqual([1, 1]));
});

it("takes the question back when the page answers", async () => {
  const { page, asked, answerHanging } = setUp();
  page.hanging();
  page.answering();
  answerHanging("reload");
  await vi.waitFor(() => {
    page.hanging();
    expect(asked).toHaveLength(2);
  });
  expect(page.ended).toBe(0);
});
