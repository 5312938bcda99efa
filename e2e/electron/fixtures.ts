import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as people } from "../support/fixtures.ts";
import { STAND_IN } from "../electron-host/chromium-page.ts";
import { Person } from "../support/person.ts";
import { RendezvousProcess } from "../support/rendezvous-process.ts";
import { Desktop } from "./desktop.ts";
import type { ShellKind } from "./shell.ts";

interface Options {
  /** What the shell runs on: the stand-in, or Electron itself. */
  shell: ShellKind;
}

interface DesktopFixtures {
  /** The folder of this machine: what is in it outlives every start of the app. */
  machine: string;
  /** Starts the app on this machine; ended when the test ends. */
  launch: (...args: readonly string[]) => Promise<Desktop>;
}

export const test = people.extend<DesktopFixtures & Options>({
  shell: ["host", { option: true }],
  // A server knows the desktop app by its origin, which the stand-in has to replace by another.
  server: async ({ shell, machine }, use) => {
    const flags = shell === "host" ? ["--allowed-origins", STAND_IN] : [];
    await using server = await RendezvousProcess.start(join(machine, "server"), flags);
    await use(server);
  },
  // oxlint-disable-next-line no-empty-pattern
  machine: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "beeline-desktop-"));
    await use(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  launch: async ({ machine, shell }, use) => {
    await using started = new AsyncDisposableStack();
    await use(async (...args) => {
      const env = {
        // Its own place for what belongs to the system: nothing of the real one is touched.
        XDG_CONFIG_HOME: join(machine, "config"),
        // One of the desktops that show icons in a tray.
        XDG_CURRENT_DESKTOP: "XFCE",
      };
      const start = { userData: join(machine, "data"), args, env };
      return started.use(await Desktop.start(shell, start));
    });
  },
});

/** Ada makes an account at her desk. */
export async function registerAt(desktop: Desktop, name: string): Promise<Person> {
  const person = Person.at(name, await desktop.page());
  await person.createAccount();
  return person;
}

export { expect } from "playwright/test";
