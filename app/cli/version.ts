import { readFileSync } from "node:fs";
import * as v from "valibot";

/** This program's version. */
export function readVersion(): string {
  const json = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return v.parse(v.object({ version: v.string() }), JSON.parse(json)).version;
}
