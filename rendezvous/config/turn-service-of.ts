import { readFileSync } from "node:fs";
import type { TurnService } from "../ice/turn-credentials.ts";
import { OperatorError } from "./operator-error.ts";
import type { Settings } from "./settings.ts";

/** The TURN service of the settings; undefined without one. @throws OperatorError no secret there */
export function turnServiceOf(settings: Settings): TurnService | undefined {
  const { "turn-uris": uris, "turn-secret-file": file, "turn-ttl": ttlMs } = settings;
  if (uris.length === 0) return undefined;
  const secret = file === undefined ? settings["turn-secret"] : firstLine(file);
  if (secret === undefined || secret === "") {
    throw new OperatorError(`The TURN secret in ${file ?? "the settings"} is empty.`);
  }
  return { uris, secret, ttlMs };
}

function firstLine(file: string): string {
  try {
    const [line = ""] = readFileSync(file, "utf8").split(/\r?\n/, 1);
    return line.trim();
  } catch (error) {
    throw new OperatorError(`The TURN secret in ${file} cannot be read.`, { cause: error });
  }
}
