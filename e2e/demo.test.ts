import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as v from "valibot";

const MAIN = fileURLToPath(new URL("demo.ts", import.meta.url));

test("the demo passes, and prints a line of JSON for each stage", { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [MAIN, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await once(child, "close");
  expect(child.exitCode).toBe(0);
  const stages = out
    .trim()
    .split("\n")
    .map((line) => v.parse(v.record(v.string(), v.unknown()), JSON.parse(line)));
  expect(stages.map((stage) => Object.keys(stage))).toEqual(
    ["direct", "relayed", "stored"].map(() => [
      "stage",
      "sent",
      "received",
      "duplicated",
      "outOfOrder",
      "path",
      "p50Ms",
      "p99Ms",
    ]),
  );
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
});
