import { resolve } from "node:path";
import { OperatorError } from "../config/operator-error.ts";
import { settingOptions, unknownVariables } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { expectPositionals, parseArguments, settingsOf, type Surroundings } from "./command.ts";
import { checkAnnouncement } from "./doctor/announcement.ts";
import { checkCertificate } from "./doctor/certificate.ts";
import { checkClock } from "./doctor/clock.ts";
import { checkDatabaseFile } from "./doctor/database.ts";
import { bad, good, poor, type Finding } from "./doctor/finding.ts";
import { checkDataFolder, checkDiskSpace } from "./doctor/disk.ts";
import { checkPasswords } from "./doctor/passwords.ts";
import { checkPort } from "./doctor/port.ts";
import { checkStun } from "./doctor/stun.ts";
import { checkTurn } from "./doctor/turn.ts";
import { checkWebClient } from "./doctor/web-client.ts";

/** `doctor`: a line for each thing that can be wrong; fails where one keeps the server from working. */
export async function doctorCommand(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const args = parseArguments(argv, settingOptions());
  expectPositionals(args);
  let failed = 0;
  const tell = ({ state, text }: Finding): void => {
    if (state === "bad") failed += 1;
    const label = { good: "ok   ", poor: "warn ", bad: "FAIL " }[state];
    surroundings.stdout.write(`${label} ${text}\n`);
  };

  let settings: Settings;
  try {
    settings = settingsOf(args, surroundings);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    tell(bad(`Configuration: ${error.message}`));
    throw new OperatorError("Nothing else was looked at.", { cause: error });
  }
  tell(good("Configuration: can be read."));
  for (const name of unknownVariables(surroundings.env)) {
    tell(poor(`Configuration: ${name} is no setting. See "beeline-rendezvous help".`));
  }
  tell(checkNode());
  for (const check of [
    checkDataFolder,
    checkDiskSpace,
    checkDatabaseFile,
    checkPasswords,
    checkPort,
    checkAnnouncement,
    checkStun,
    checkTurn,
    checkCertificate,
    checkWebClient,
    checkClock,
  ]) {
    for (const finding of await check(settings)) tell(finding);
  }
  if (failed > 0) {
    const things = failed === 1 ? "One thing" : `${failed} things`;
    throw new OperatorError(`${things} must be put right (${resolve(settings.data)}).`);
  }
}

function checkNode(): Finding {
  const [major = 0] = process.versions.node.split(".").map(Number);
  return major >= 24
    ? good(`Node.js: ${process.version}.`)
    : bad(`Node.js: ${process.version}; 24 or newer is needed.`);
}
