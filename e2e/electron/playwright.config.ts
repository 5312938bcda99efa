import { defineConfig } from "playwright/test";
import shared from "../playwright.config.ts";
import type { ShellKind } from "./shell.ts";

/** The same specs for the shell's built code over the stand-in, and on Electron itself. */
export default defineConfig<{ shell: ShellKind }>({
  ...shared,
  testDir: ".",
  outputDir: "../../test-results/electron",
  projects: [
    { name: "host", use: { shell: "host" } },
    { name: "electron", use: { shell: "electron" } },
  ],
});
