import { defineConfig } from "playwright/test";
import { chromiumArgs, findChromium, NO_CHROMIUM, thisMachine } from "./scripts/chromium.ts";

const machine = thisMachine();
const executablePath = findChromium(machine);
if (executablePath === undefined) throw new Error(NO_CHROMIUM);

export default defineConfig({
  testDir: "specs",
  outputDir: "../test-results/e2e",
  // Two cores: more windows only make every one slower.
  workers: 2,
  retries: 0,
  forbidOnly: process.env["CI"] !== undefined,
  // Against hanging only: a busy machine takes a minute for what an idle one does in ten seconds.
  timeout: 180_000,
  expect: { timeout: 15_000 },
  use: {
    launchOptions: { executablePath, args: chromiumArgs(machine.isRoot) },
    // A picture of every step would take as long again as the tests themselves.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false },
    screenshot: "only-on-failure",
    locale: "en-GB",
  },
});
