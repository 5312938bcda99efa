/** A small file that is whole at any moment, also after a loss of power. */
import { open, readFile, rename } from "node:fs/promises";
import { dirname, join, basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A virus scanner on Windows holds a new file for a moment. */
const RENAME_TRIES = 10;
const RENAME_PAUSE_MS = 100;

/** Writes to a side file, waits until it is on the disk, and renames it over the old one. */
export class SafeFile {
  readonly #file: string;
  readonly #side: string;
  /** One write at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
    this.#side = join(dirname(file), `.${basename(file)}.tmp`);
  }

  /** @returns undefined where there is no file. Rejects where it cannot be read. */
  async read(): Promise<string | undefined> {
    try {
      return await readFile(this.#file, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Resolves once it would survive a loss of power. */
  write(text: string): Promise<void> {
    const done = this.#turn.then(() => this.#replace(text));
    // Whoever wrote hears of the failure; the next write is another matter.
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Resolves when everything that was to be written has been, or could not be. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  async #replace(text: string): Promise<void> {
    const side = await open(this.#side, "w", 0o600);
    try {
      await side.writeFile(text);
      await side.sync();
    } finally {
      await side.close();
    }
    for (let tries = 1; ; tries++) {
      try {
        await rename(this.#side, this.#file);
        break;
      } catch (error) {
        const code = codeOf(error);
        const held = code === "EPERM" || code === "EBUSY" || code === "EACCES";
        if (!held || tries === RENAME_TRIES) throw error;
      }
      await pause(RENAME_PAUSE_MS);
    }
    await syncFolder(dirname(this.#file));
  }
}

/** The new name is on the disk as well. Windows opens no folders, and needs it not. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
