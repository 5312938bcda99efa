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
  readonly version?: string;
  /** Work areas of the screens, the primary one first; one of 1920 × 1040 unless told. */
  readonly screens?: readonly {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  /** Does the system guard keys? Yes unless told. */
  readonly keyring?: boolean;
  /** Text of a function that is run on the stand-in before the shell starts. */
  readonly watch?: string;
}

const SCREEN = { x: 0, y: 0, width: 1920, height: 1040 };

export class HostedApp implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #line: Line;
  readonly #windows: ChromiumWindows;
  readonly #errors: string[] = [];
  /** The stand-in is there, and watched. */
  readonly #started = Promise.withResolvers<void>();
  /** The status with which the program ended. */
  readonly ended: Promise<number>;

  private constructor(options: HostedAppOptions) {
    const { main, userData, args = [], env = {}, version = "0.1.0" } = options;
    const { screens = [SCREEN], keyring = true, watch = "() => {}" } = options;
    const file = (name: string): string => join(import.meta.dirname, name);
    this.#child = spawn(
      process.execPath,
      ["--import", file("resolve-electron.ts"), file("main-process.ts"), main, ...args],
      {
        stdio: ["ignore", "inherit", "pipe", "ipc"],
        serialization: "advanced",
        env: { ...process.env, ...env },
      },
    );
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors.push(text);
      process.stderr.write(text);
    });
    this.#line = new Line({
      send: (message) => {
        // Who ends meanwhile hears nothing, and answers nothing.
        if (this.#child.connected) this.#child.send(message, () => {});
      },
      onMessage: (listener) => void this.#child.on("message", listener),
    });
    this.#line.on("machine", () => ({ userData, version, screens, keyring }));
    this.#line.on("leaving", () => undefined);
    this.#line.on("watch", () => {
      this.#started.resolve();
      return { code: watch, arg: undefined };
    });
    this.#windows = new ChromiumWindows(this.#line, userData, (problem) => {
      this.#errors.push(String(problem));
    });
    this.ended = this.#watchEnd();
  }

  /** Returns at once: a program that hands over to one that runs already opens no window. */
  static start(options: HostedAppOptions): HostedApp {
    return new HostedApp(options);
  }

  /** What the program complained of, and the stand-in. */
  get errors(): readonly string[] {
    return this.#errors;
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

  /** Ends it as a person does, and what does not end then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const quit = "({ app }) => { app.quit(); }";
    await Promise.race([this.evaluate(quit).catch(() => undefined), sleep(END_TIMEOUT_MS)]);
    const late = sleep(END_TIMEOUT_MS, "late", { ref: false });
    if ((await Promise.race([this.ended, late])) === "late") await this.kill();
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
