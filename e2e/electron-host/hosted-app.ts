/** Starts the built shell over the stand-in: its process here, its windows in a Chromium. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright";
import { ChromiumWindows } from "./chromium-windows.ts";
import { Line } from "./line.ts";

/** A program that was asked to end and has not by then is ended. */
const END_TIMEOUT_MS = 5_000;

export interface HostedAppOptions {
  /** The built `main.js`. */
  readonly main: string;
  /** Its data, kept from one start to the next. */
  readonly userData: string;
  /** More arguments of the program. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly version: string;
  /** Text of a function that is run on the stand-in before the shell starts. */
  readonly watch: string;
}

export class HostedApp implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #line: Line;
  readonly #windows: ChromiumWindows;
  /** What went wrong in the stand-in itself, in its windows. */
  readonly #problems: unknown[] = [];
  /** The stand-in is there, and watched. */
  readonly #started = Promise.withResolvers<void>();
  /** The status with which the program ended. */
  readonly ended: Promise<number>;

  private constructor(options: HostedAppOptions) {
    const { main, userData, args = [], env = {}, version, watch } = options;
    const file = (name: string): string => join(import.meta.dirname, name);
    this.#child = spawn(
      process.execPath,
      ["--import", file("resolve-electron.ts"), file("main-process.ts"), main, ...args],
      {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        serialization: "advanced",
        env: { ...process.env, ...env },
      },
    );
    this.#line = new Line({
      send: (message) => {
        // Who ends meanwhile hears nothing, and answers nothing.
        if (this.#child.connected) this.#child.send(message, () => {});
      },
      onMessage: (listener) => void this.#child.on("message", listener),
    });
    this.#line.on("machine", () => ({ userData, version }));
    this.#line.on("leaving", () => undefined);
    this.#line.on("watch", () => {
      this.#started.resolve();
      return { code: watch, arg: undefined };
    });
    this.#windows = new ChromiumWindows(this.#line, userData, (problem) => {
      this.#problems.push(problem);
    });
    this.ended = this.#watchEnd();
  }

  /** Returns at once: a program that hands over to one that runs already opens no window. */
  static start(options: HostedAppOptions): HostedApp {
    return new HostedApp(options);
  }

  /** Runs a function, given as text, on the stand-in in the shell's process. */
  async evaluate(code: string, arg?: unknown): Promise<unknown> {
    await Promise.race([this.#started.promise, this.ended]);
    return this.#line.ask("evaluate", { code, arg });
  }

  pages(): Promise<Page[]> {
    return this.#windows.pages();
  }

  /** Ends the program at once, as a kill does: nobody is asked. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  /**
   * Ends it as a person does, and what does not end then.
   * @throws AggregateError where something went wrong in its windows that nobody was told of
   */
  async [Symbol.asyncDispose](): Promise<void> {
    // Not answered where it has ended already; and where it hangs, what counts is when it ends.
    this.evaluate("({ app }) => app.quit()").catch(() => undefined);
    const late = sleep(END_TIMEOUT_MS, "late", { ref: false });
    if ((await Promise.race([this.ended, late])) === "late") await this.kill();
    if (this.#problems.length > 0) throw new AggregateError(this.#problems, "in the stand-in");
  }

  async #watchEnd(): Promise<number> {
    const status = await new Promise<number>((resolve) => {
      this.#child.once("exit", (code) => resolve(code ?? -1));
    });
    this.#line.cut("the program has ended");
    await this.#windows.close();
    return status;
  }
}
