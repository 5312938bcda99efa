import { expect, it } from "vitest";
import { end, launch, statusOf } from "./child.ts";

function run(code: string): Promise<number> {
  return statusOf(launch(process.execPath, ["-e", code], "ignore"));
}

it("tells how a program ended", async () => {
  expect(await run("process.exit(3)")).toBe(3);
  expect(await run("")).toBe(0);
  expect(await run("process.kill(process.pid, 'SIGKILL')")).toBe(1);
  expect(await statusOf(launch("/nowhere/at-all", [], "ignore"))).toBe(1);
});

it("lets a program finish what it does at the end", async () => {
  const code =
    "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1e3); console.log('up')";
  const child = launch(process.execPath, ["-e", code], ["ignore", "pipe", "ignore"]);
  const status = statusOf(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  await Promise.all([end(child), end(child)]);
  expect(await status).toBe(7);
  await end(child);
});
