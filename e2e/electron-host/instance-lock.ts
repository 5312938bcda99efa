import {
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

const Request = v.object({ argv: v.array(v.string()), cwd: v.string() });

/** What the program was started with a second time. */
export type SecondStart = v.InferOutput<typeof Request>;

/** One program for one folder of data, as Chromium's process singleton: who comes second says with what. */
export class InstanceLock {
  readonly #lock: string;
  readonly #requests: string;
  #watcher: FSWatcher | undefined;

  constructor(userData: string) {
    mkdirSync(userData, { recursive: true });
    this.#lock = join(userData, "host-lock");
    this.#requests = join(userData, "host-requests");
  }

  /** @returns false where another process that lives has it; that one is told of `start` */
  take(start: SecondStart, onSecond: (start: SecondStart) => void): boolean {
    const owner = this.#owner();
    if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
      const request = join(this.#requests, String(process.pid));
      // Written whole before the other sees it.
      writeFileSync(request, JSON.stringify(start));
      renameSync(request, `${request}.json`);
      return false;
    }
    rmSync(this.#requests, { recursive: true, force: true });
    mkdirSync(this.#requests);
    writeFileSync(this.#lock, String(process.pid));
    this.#watcher = watch(this.#requests, () => this.#read(onSecond)).unref();
    return true;
  }

  release(): void {
    this.#watcher?.close();
    if (this.#owner() === process.pid) rmSync(this.#lock, { force: true });
  }

  #read(onSecond: (start: SecondStart) => void): void {
    for (const name of readdirSync(this.#requests)) {
      if (!name.endsWith(".json")) continue;
      const file = join(this.#requests, name);
      const start = v.parse(Request, JSON.parse(readFileSync(file, "utf8")));
      rmSync(file);
      onSecond(start);
    }
  }

  #owner(): number | undefined {
    try {
      return Number(readFileSync(this.#lock, "utf8"));
    } catch {
      return undefined;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
