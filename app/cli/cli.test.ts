import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readVersion } from "./version.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "beeline-cli-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function beeline(...argv: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, "--data", folder, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  await once(child, "close");
  return { code: child.exitCode, out, err };
}

/** Typed, where vitest's own is `any`. */
function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

test("tells its version, and helps", async () => {
  expect(await beeline("--version")).toEqual({ code: 0, out: `${readVersion()}\n`, err: "" });
  const { code, out } = await beeline("help", "listen");
  expect(code).toBe(0);
  expect(out).toContain("--accept-requests");
});

test("wrong usage is one line on the standard error and code 2", async () => {
  const { code, out, err } = await beeline("dance");
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toBe('beeline: There is no command "dance". See: beeline help\n');
});

test("servers waits for a number of seconds", async () => {
  expect(await beeline("servers", "--wait", "soon")).toMatchObject({
    code: 2,
    err: matching(/^beeline: --wait is a number of seconds up to 600\. See: beeline help servers/),
  });
  expect(await beeline("servers", "--wait", "0.1", "--json")).toMatchObject({ code: 0, err: "" });
});

test("without a server, a user or a terminal for the password it says what is missing", async () => {
  expect(await beeline("login")).toMatchObject({ code: 2, err: matching(/--server URL/) });
  const at = ["--server", "http://127.0.0.1:1"];
  expect(await beeline("login", ...at)).toMatchObject({ code: 2, err: matching(/--user NAME/) });
  expect(await beeline("login", ...at, "--user", "ada")).toMatchObject({
    code: 2,
    err: matching(/--password-file FILE/),
  });
  expect(await beeline("login", "--server", "ftp://x")).toMatchObject({
    code: 2,
    err: matching(/no server address/),
  });
});

test("a password file that is missing or too short is wrong usage", async () => {
  const login = ["login", "--server", "http://127.0.0.1:1", "--user", "ada", "--password-file"];
  expect(await beeline(...login, join(folder, "none"))).toMatchObject({
    code: 2,
    err: matching(/ENOENT/),
  });
  const file = join(folder, "short");
  writeFileSync(file, "short\n");
  chmodSync(file, 0o600);
  expect(await beeline(...login, file)).toMatchObject({
    code: 2,
    err: "beeline: A password has 8 to 256 characters.\n",
  });
});
