import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "playwright/test";
import { Person } from "./person.ts";
import { RendezvousProcess } from "./rendezvous-process.ts";

export interface Fixtures {
  /** A fresh server with nobody on it. */
  server: RendezvousProcess;
  /** Somebody arrives with a window of their own, closed when the test ends. */
  arrive: (name: string, options?: Parameters<typeof Person.arrive>[2]) => Promise<Person>;
  /** Two people with an account each. */
  ada: Person;
  bob: Person;
}

export const test = base.extend<Fixtures>({
  // Playwright reads the names of the fixtures from the pattern, so it stays though it is empty.
  // oxlint-disable-next-line no-empty-pattern
  server: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "beeline-e2e-"));
    {
      await using server = await RendezvousProcess.start(folder);
      await use(server);
    }
    await rm(folder, { recursive: true, force: true });
  },
  arrive: async ({ browser }, use) => {
    await using people = new AsyncDisposableStack();
    await use(async (name, options) => people.use(await Person.arrive(browser, name, options)));
  },
  ada: async ({ arrive, server }, use) => {
    const ada = await arrive("ada");
    await ada.register(server.address);
    await use(ada);
  },
  bob: async ({ arrive, server }, use) => {
    const bob = await arrive("bob");
    await bob.register(server.address);
    await use(bob);
  },
});

export { expect } from "playwright/test";
