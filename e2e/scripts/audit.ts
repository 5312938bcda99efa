/**
 * Known weaknesses of the packages in use, as `npm audit` finds them at the registry. Fails where
 * there are any of level moderate or above. A registry that does not answer such questions fails
 * nobody by default, and says so; with `--required` it does.
 */
import { spawnSync } from "node:child_process";
import { readAudit } from "./audit-report.ts";

const AUDIT = ["audit", "--audit-level=moderate", "--json"];
const { stdout, error } = spawnSync("npm", AUDIT, {
  encoding: "utf8",
  timeout: 120_000,
  stdio: ["ignore", "pipe", "ignore"],
});
const outcome = readAudit(error === undefined ? stdout : "");
process.stdout.write(`npm audit: ${outcome.told}\n`);
const required = process.argv.includes("--required");
process.exitCode = outcome.kind === "weak" || (outcome.kind === "unknown" && required) ? 1 : 0;
