/** `npm start` as a newcomer without a display meets it: real processes, the real server. */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

type Started = ChildProcessByStdio<null, Readable, Readable>;

// The first run builds the web client.
const TIMEOUT_MS = 60_000;

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "beeline-start-"));
});
afterEach(() => rm(data, { recursive: true }));

function command(port: number): string[] {
  const program = join(import.meta.dirname, "..", "app", "start", "start.ts");
  const address = ["--host", "127.0.0.1", "--port", String(port)];
  return [process.execPath, program, "--no-open", ...address, "--data", data];
}

function start(port: number): Started {
  const [node = "", ...args] = command(port);
  return spawn(node, args, { stdio: ["ignore", "pipe", "pipe"] });
}

async function addressOf(started: Started): Promise<string> {
  for await (const line of createInterface({ input: started.stdout })) {
    const address = /open (http:\S+) in a browser/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("ended without an address");
}

describe("npm start", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "serves the app at the printed address and ends on %s",
    async (signal) => {
      await using cleanUp = new AsyncDisposableStack();
      const started = start(0);
      cleanUp.defer(() => void started.kill("SIGTERM"));
      const ended = once(started, "exit");
      const address = await addressOf(started);

      const page = await fetch(address);
      expect(page.headers.get("content-type")).toContain("text/html");
      expect(await page.text()).toContain("<title>Beeline</title>");

      started.kill(signal);
      expect(await ended).toEqual([0, null]);
      await expect(fetch(address)).rejects.toThrow("fetch failed");
    },
    TIMEOUT_MS,
  );

  it(
    "ends when only the shell that npm runs it by is ended",
    async () => {
      await using cleanUp = new AsyncDisposableStack();
      const [node = "", ...args] = command(0);
      const quoted = [node, ...args].map((word) => `'${word}'`).join(" ");
      // The second command keeps the shell from becoming the program.
      const shell = spawn("sh", ["-c", `${quoted}; true`], { stdio: ["ignore", "pipe", "pipe"] });
      cleanUp.defer(() => void shell.kill("SIGTERM"));
      // The pipe ends with its last writer: the shell, the program and the server.
      const over = once(shell, "close");
      const address = await addressOf(shell);
      shell.stdout.resume();
      shell.stderr.resume();
      shell.kill("SIGTERM");
      await over;
      await expect(fetch(address)).rejects.toThrow("fetch failed");
    },
    TIMEOUT_MS,
  );

  it(
    "shows why the server does not start, and fails",
    async () => {
      await using cleanUp = new AsyncDisposableStack();
      const other = createServer();
      cleanUp.defer(() => void other.close());
      const { port } = await listening(other);

      const started = start(port);
      cleanUp.defer(() => void started.kill("SIGTERM"));
      started.stdout.resume();
      const ended = once(started, "exit");
      const errors = await text(started.stderr);
      expect(errors).toContain(String(port));
      expect(errors.trim().split("\n")).toHaveLength(1);
      await ended;
      expect(started.exitCode).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

async function listening(server: ReturnType<typeof createServer>): Promise<AddressInfo> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address;
}
