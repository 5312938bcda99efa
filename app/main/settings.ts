import { rename } from "node:fs/promises";
import { Low } from "lowdb";
import { DataFile } from "lowdb/node";
import * as v from "valibot";
import type { SettingKey } from "../preload/bridge.ts";

/** JSON text of one value; the renderer knows what is in it. */
const Value = v.exactOptional(v.pipe(v.string(), v.maxLength(4096)));

const Bounds = v.object({
  x: v.pipe(v.number(), v.safeInteger()),
  y: v.pipe(v.number(), v.safeInteger()),
  width: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  height: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});

const SettingsFile = v.object({
  version: v.literal(1),
  values: v.object({
    language: Value,
    theme: Value,
    account: Value,
    server: Value,
    notifications: Value,
  }),
  bounds: v.exactOptional(Bounds),
});
type SettingsFile = v.InferOutput<typeof SettingsFile>;

/** In device-independent pixels, from the corner of the first screen. */
export type Bounds = v.InferOutput<typeof Bounds>;

/** The file holds something else than settings. */
class DamagedSettings extends Error {
  override readonly name = "DamagedSettings";
}

/** The app's own settings: one small JSON file, written whole to a side file and renamed. */
export interface Settings {
  get(key: SettingKey): string | undefined;
  /** Resolves once written. */
  set(key: SettingKey, value: string | undefined): Promise<void>;
  readonly bounds: Bounds | undefined;
  setBounds(bounds: Bounds): Promise<void>;
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
  const db = new Low<SettingsFile>(new DataFile(file, { parse, stringify }), empty());
  try {
    await db.read();
  } catch (error) {
    if (!(error instanceof DamagedSettings)) throw error;
    await rename(file, `${file}.damaged`);
    report(`The settings were damaged and are kept in ${file}.damaged: ${error.message}`);
    db.data = empty();
  }
  return {
    get: (key) => db.data.values[key],
    async set(key, value) {
      if (value === undefined) delete db.data.values[key];
      else db.data.values[key] = value;
      await db.write();
    },
    get bounds() {
      return db.data.bounds;
    },
    async setBounds(bounds) {
      db.data.bounds = bounds;
      await db.write();
    },
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
