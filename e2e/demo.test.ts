import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as v from "valibot";

const MAIN = fileURLToPath(new URL("demo.ts", import.meta.url));

const Milliseconds = v.pipe(v.number(), v.gtValue(0));

/** What `npm run demo -- --json` promises for each line: these fields and no others. */
const StageLine = v.strictObject({
  stage: v.string(),
  sent: v.number(),
  received: v.number(),
  duplicated: v.number(),
  outOfOrder: v.number(),
  path: v.string(),
  p50Ms: Milliseconds,
  p99Ms: Milliseconds,
});

test("the demo passes, and prints a line of JSON for each stage", { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [MAIN, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  expect({ code: child.exitCode, err }).toEqual({ code: 0, err: "" });
  const stages = out
    .trim()
    .split("\n")
    .map((line) => v.parse(StageLine, JSON.parse(line)));
  expect(stages).toMatchObject(
    ["direct", "relayed", "stored"].map((path) => ({
      stage: path,
      sent: 100,
      received: 100,
      duplicated: 0,
      outOfOrder: 0,
      path,
    })),
  );
  for (const { p50Ms, p99Ms } of stages) expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
});
