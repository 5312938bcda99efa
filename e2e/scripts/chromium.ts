/**
 * Finds the Chromium that the end-to-end tests, the screenshots and the bench drive.
 * Order: `BEELINE_CHROMIUM`, one on the PATH, Playwright's own. `installChromium` brings one.
 */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { chromium } from "playwright";

/** What the search asks of the machine; tests give their own. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  /** Where Playwright keeps its own Chromium, present or not. */
  readonly playwrightPath: string;
  /** Whether a program runs and ends with status 0 within `timeoutMs`. */
  runs(command: string, args: readonly string[], timeoutMs: number, show?: boolean): boolean;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const VERSION_TIMEOUT_MS = 30_000;
const INSTALL_TIMEOUT_MS = 10 * 60_000;

export const NO_CHROMIUM =
  "No Chromium found: install one (for instance `apt-get install chromium` or " +
  "`npx playwright install --with-deps chromium`) or name it in BEELINE_CHROMIUM.";

/** Path of a Chromium that starts, or undefined. */
export function findChromium(machine: Machine): string | undefined {
  const named = machine.env["BEELINE_CHROMIUM"];
  // A person who names one wants no other.
  if (named !== undefined && named !== "") return starts(machine, named) ? named : undefined;
  const folders = (machine.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, machine.playwrightPath].find((path) => starts(machine, path));
}

/** Installs a Chromium where it may, and finds it: Playwright's, else the distribution's. */
export function installChromium(machine: Machine): string | undefined {
  if (machine.env["BEELINE_CHROMIUM"]) return undefined;
  machine.runs("npx", ["playwright", "install", "chromium"], INSTALL_TIMEOUT_MS, true);
  const own = findChromium(machine);
  if (own !== undefined || !machine.isRoot) return own;
  if (machine.runs("apt-get", ["update"], INSTALL_TIMEOUT_MS, true)) {
    machine.runs("apt-get", ["install", "-y", "chromium"], INSTALL_TIMEOUT_MS, true);
  }
  return findChromium(machine);
}

/** How to start a Chromium that talks to nobody but the test's own server. */
export function chromiumArgs(isRoot: boolean): string[] {
  return [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    // Chromium refuses to start its sandbox as root.
    ...(isRoot ? ["--no-sandbox"] : []),
  ];
}

export function thisMachine(): Machine {
  return {
    env: process.env,
    isRoot: process.getuid?.() === 0,
    playwrightPath: chromium.executablePath(),
    runs: (command, args, timeoutMs, show = false) => {
      const stdio = show ? "inherit" : "ignore";
      return spawnSync(command, args, { stdio, timeout: timeoutMs }).status === 0;
    },
  };
}

function starts(machine: Machine, path: string): boolean {
  return machine.runs(path, ["--version"], VERSION_TIMEOUT_MS);
}
