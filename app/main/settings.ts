import { rename } from "node:fs/promises";
import { Low } from "lowdb";
import * as v from "valibot";
import type { SettingKey } from "../preload/setting-keys.ts";
import { SafeFile } from "./safe-file.ts";

/** JSON text of one value; who reads it knows what is in it. */
const Value = v.pipe(v.string(), v.maxLength(4096));

const Bounds = v.object({
  x: v.pipe(v.number(), v.safeInteger()),
  y: v.pipe(v.number(), v.safeInteger()),
  width: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  height: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});

/** What a newer version has added is kept: people go back a version, and forward again. */
const SettingsFile = v.looseObject({
  version: v.literal(1),
  values: v.record(v.string(), Value),
  bounds: v.exactOptional(Bounds),
  maximised: v.exactOptional(v.boolean()),
});
type SettingsFile = v.InferOutput<typeof SettingsFile>;

/** In device-independent pixels, from the corner of the first screen. */
export type Bounds = v.InferOutput<typeof Bounds>;

/** Where the window was. `bounds` are those it has when it is not maximised. */
export interface Place {
  readonly bounds: Bounds;
  readonly maximised: boolean;
}

/** The file holds something else than settings. */
class DamagedSettings extends Error {
  override readonly name = "DamagedSettings";
}

/** The app's own settings: one small JSON file, whole at any moment. */
export interface Settings {
  /** JSON text. */
  get(key: SettingKey): string | undefined;
  /** The value where it is what the schema says, else undefined. */
  read<Output>(key: SettingKey, schema: v.GenericSchema<unknown, Output>): Output | undefined;
  /** Resolves once written. */
  set(key: SettingKey, value: string | undefined): Promise<void>;
  /** Calls back after every change of this setting. */
  onChange(key: SettingKey, handler: () => void): void;
  readonly place: Place | undefined;
  setPlace(place: Place): Promise<void>;
  /** Resolves when nothing waits to be written any longer. Never rejects. */
  settled(): Promise<void>;
}

/**
 * Opens the settings, new ones where there is no file. A damaged file is renamed to `*.damaged`
 * (one is kept) and reported.
 * @throws where the file cannot be read for another reason than being absent
 */
export async function openSettings(
  file: string,
  report: (line: string) => void,
): Promise<Settings> {
  const safe = new SafeFile(file);
  const adapter = {
    read: async () => {
      const text = await safe.read();
      return text === undefined ? null : parse(text);
    },
    write: (data: SettingsFile) => safe.write(stringify(data)),
  };
  const db = new Low<SettingsFile>(adapter, empty());
  try {
    await db.read();
  } catch (error) {
    if (!(error instanceof DamagedSettings)) throw error;
    await rename(file, `${file}.damaged`);
    report(`The settings were damaged and are kept in ${file}.damaged: ${error.message}`);
    db.data = empty();
  }
  const handlers = new Map<SettingKey, (() => void)[]>();
  return {
    get: (key) => db.data.values[key],
    read(key, schema) {
      const text = db.data.values[key];
      const value = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
      return value.success ? value.output : undefined;
    },
    async set(key, value) {
      if (value === undefined) delete db.data.values[key];
      else db.data.values[key] = value;
      for (const handler of handlers.get(key) ?? []) handler();
      await db.write();
    },
    onChange(key, handler) {
      handlers.set(key, [...(handlers.get(key) ?? []), handler]);
    },
    get place() {
      const { bounds, maximised = false } = db.data;
      return bounds === undefined ? undefined : { bounds, maximised };
    },
    async setPlace({ bounds, maximised }) {
      db.data.bounds = bounds;
      db.data.maximised = maximised;
      await db.write();
    },
    settled: () => safe.settled(),
  };
}

function empty(): SettingsFile {
  return { version: 1, values: {} };
}

function parse(text: string): SettingsFile {
  const json = parseJson(text);
  const result = v.safeParse(SettingsFile, json);
  if (!result.success) throw new DamagedSettings(v.summarize(result.issues));
  return result.output;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new DamagedSettings(error.message);
    throw error;
  }
}

function stringify(data: SettingsFile): string {
  return `${JSON.stringify(data, null, 2)}\n`;
}
