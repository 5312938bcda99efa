import { chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { Low } from "lowdb";
import { TextFile } from "lowdb/node";
import * as v from "valibot";
import { StoreError } from "../../shared/chatkit/store.ts";
import { CertificatePin } from "../../shared/protocol/index.ts";
import { storeErrorOf } from "./ports/sqlite-errors.ts";

const Settings = v.object({
  version: v.literal(1),
  /** Taken by the next command that names none. */
  server: v.exactOptional(v.string()),
  user: v.exactOptional(v.string()),
  /** Of that server's own certificate. */
  pin: v.exactOptional(CertificatePin),
});
type Settings = v.InferOutput<typeof Settings>;

/** The last server and user of a data folder, in a small JSON file. */
export class SettingsFile {
  readonly #low: Low<Settings>;
  readonly #folder: string;
  readonly #file: string;

  private constructor(low: Low<Settings>, folder: string, file: string) {
    this.#low = low;
    this.#folder = folder;
    this.#file = file;
  }

  /**
   * A file that cannot be understood is set aside under another name, and told by `onDamaged`.
   * @throws StoreError where it may not be read
   */
  static async open(folder: string, onDamaged: (movedTo: string) => void): Promise<SettingsFile> {
    const file = join(folder, "cli.json");
    const low = new Low<Settings>(new SettingsAdapter(file, onDamaged), { version: 1 });
    try {
      await low.read();
    } catch (error) {
      throw settingsError(error, file);
    }
    return new SettingsFile(low, folder, file);
  }

  get server(): string | undefined {
    return this.#low.data.server;
  }

  get pin(): string | undefined {
    return this.#low.data.pin;
  }

  get user(): string | undefined {
    return this.#low.data.user;
  }

  /** @throws StoreError where it cannot be written */
  async remember(account: Omit<Settings, "version">): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      this.#low.data = { version: 1, ...account };
      await this.#low.write();
      await chmod(this.#file, 0o600);
    } catch (error) {
      throw settingsError(error, this.#file);
    }
  }
}

/** lowdb's own file (written whole beside, then renamed), with the JSON checked by a schema. */
class SettingsAdapter {
  readonly #file: string;
  readonly #text: TextFile;
  readonly #onDamaged: (movedTo: string) => void;

  constructor(file: string, onDamaged: (movedTo: string) => void) {
    this.#file = file;
    this.#text = new TextFile(file);
    this.#onDamaged = onDamaged;
  }

  async read(): Promise<Settings | null> {
    const text = await this.#text.read();
    if (text === null) return null;
    const settings = v.safeParse(Settings, parseJson(text));
    if (settings.success) return settings.output;
    const aside = `${this.#file}.damaged-${Date.now()}`;
    await rename(this.#file, aside);
    this.#onDamaged(aside);
    return null;
  }

  write(settings: Settings): Promise<void> {
    return this.#text.write(`${JSON.stringify(settings, null, 2)}\n`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function settingsError(cause: unknown, file: string): StoreError {
  const { reason } = storeErrorOf(cause, file);
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(reason, `The settings ${file} cannot be used: ${detail}.`, { cause });
}
