/**
 * `npm run e2e`: the desktop app as it was built last, on the stand-in for Electron
 * (`--project=host`, as without) or on Electron itself (`--project=electron`). Says which before
 * and after. Other arguments are Playwright's.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findChromium, installChromium, thisMachine } from "./chromium.ts";
import { electronBinary } from "./electron.ts";
import { playwrightArguments, projectOf, sentence } from "./shell-run.ts";

const root = join(import.meta.dirname, "..", "..");
const args = process.argv.slice(2);
const project = projectOf(args);
const binary = electronBinary();

if (project === undefined) {
  say("There are two projects: host and electron.");
  process.exitCode = 2;
} else if (project === "electron" && binary === undefined) {
  say("Electron's binary is not here: `npx install-electron` brings it.");
  process.exitCode = 2;
} else {
  say(sentence(project, binary));
  // By its file: on Windows a command of npm's is no program.
  const playwright = join(root, "node_modules", "playwright", "cli.js");
  const command = [playwright, ...playwrightArguments(args, project)];
  const machine = thisMachine();
  // The other people's browser, and with the stand-in the windows themselves.
  const chromium = findChromium(machine) ?? installChromium(machine) ?? "";
  const env = { ...process.env, BEELINE_CHROMIUM: chromium };
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit", env });
  say(sentence(project, binary));
  process.exitCode = status ?? 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
