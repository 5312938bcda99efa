import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as v from "valibot";
import { RendezvousProcess } from "./support/rendezvous-process.ts";

// A test starts up to 13 processes, each of them a third of a second of work.
vi.setConfig({ testTimeout: 60_000 });

const MAIN = fileURLToPath(new URL("../app/cli/main.ts", import.meta.url));

const Line = v.looseObject({ event: v.string() });
type Line = v.InferOutput<typeof Line>;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

let folder: string;
let server: RendezvousProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "beeline-cli-e2e-"));
  server = await RendezvousProcess.start(join(folder, "server"));
  for (const [name, password] of [
    ["right", "correct horse battery"],
    ["wrong", "incorrect horse"],
  ] as const) {
    writeFileSync(join(folder, name), `${password}\n`, { mode: 0o600 });
  }
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function start(user: string, argv: readonly string[]): Child {
  return spawn(process.execPath, [MAIN, "--data", join(folder, user), ...argv], {
    stdio: ["pipe", "pipe", "pipe"],
  });
}

async function beeline(user: string, argv: readonly string[], input = "") {
  const child = start(user, argv);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(input);
  await once(child, "close");
  return { code: child.exitCode, out, err };
}

async function register(user: string): Promise<void> {
  const account = ["--server", server.address, "--user", user];
  const password = ["--password-file", join(folder, "right")];
  const result = await beeline(user, ["register", ...account, ...password]);
  expect(result).toMatchObject({ code: 0, err: "" });
}

async function becomeBuddies(a: string, b: string): Promise<void> {
  expect(await beeline(a, ["buddies", "add", b])).toMatchObject({ code: 0, err: "" });
  expect(await beeline(b, ["buddies", "accept", a])).toMatchObject({ code: 0, err: "" });
}

/** `beeline listen`, read line by line. */
class Listening implements AsyncDisposable {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  constructor(user: string, ...flags: readonly string[]) {
    this.#child = start(user, ["listen", ...flags]);
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line of which `matches` holds; those before it are passed over. */
  async next(matches: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const result = await this.#lines.next();
      if (result.done === true) throw new Error("listen has ended");
      const line = v.parse(Line, JSON.parse(result.value));
      if (matches(line)) return line;
    }
  }

  /** @returns the exit code */
  async stop(): Promise<number | null> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) await this.stop();
  }
}

const ofEvent = (event: string) => (line: Line) => line.event === event;
const online = (line: Line) => line.event === "connection" && line["state"] === "online";

test("two people register, become buddies, and talk by send and listen", async () => {
  await register("ada");
  await register("ben");
  await becomeBuddies("ada", "ben");
  expect(await beeline("ada", ["buddies"])).toMatchObject({
    code: 0,
    out: "ben                  offline\n",
  });

  await using ben = new Listening("ben");
  expect(await ben.next(ofEvent("ready"))).toMatchObject({ user: "ben" });
  await ben.next(online);

  const text = "Grüße, 你好 👋\n<script>";
  const sent = await beeline("ada", ["send", "BEN", "-", "--wait", "delivered"], `${text}\n`);
  expect(sent).toMatchObject({ code: 0, err: "" });
  expect(sent.out).toMatch(/^delivered (direct|relayed)\n$/);
  const message = await ben.next(ofEvent("message"));
  expect(message).toMatchObject({ user: "ada", type: "text", text });
  expect(await ben.stop()).toBe(0);
});

test("what was sent to somebody offline waits at the server and is told once, in order", async () => {
  await register("cleo");
  await register("dan");
  await becomeBuddies("cleo", "dan");
  for (const text of ["one", "two", "three"]) {
    const sent = await beeline("cleo", ["send", "dan", text, "--json"]);
    expect(sent).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(sent.out)).toMatchObject({ state: "sent", path: "stored" });
  }
  // Another command fetches them; what it does not show must not be lost to the listener.
  expect(await beeline("dan", ["buddies"])).toMatchObject({ code: 0 });
  {
    await using dan = new Listening("dan");
    for (const text of ["one", "two", "three"]) {
      expect(await dan.next(ofEvent("message"))).toMatchObject({ text, path: "stored" });
    }
    expect(await dan.stop()).toBe(0);
  }
  expect(await beeline("cleo", ["send", "dan", "four"])).toMatchObject({ code: 0 });
  await using dan = new Listening("dan");
  expect(await dan.next(ofEvent("message"))).toMatchObject({ text: "four" });
});

test("a bot accepts who asks, and may be talked to at once", async () => {
  await register("bot");
  await register("eve");
  await using bot = new Listening("bot", "--accept-requests");
  await bot.next(online);
  expect(await beeline("eve", ["buddies", "add", "bot"])).toMatchObject({ code: 0 });
  await bot.next((line) => line.event === "presence" && line["state"] === "buddies");
  expect(await beeline("eve", ["send", "bot", "help"])).toMatchObject({ code: 0, err: "" });
  expect(await bot.next(ofEvent("message"))).toMatchObject({ user: "eve", text: "help" });
});

test("a wrong password is refused with code 4 and one line", async () => {
  await register("finn");
  const login = ["login", "--server", server.address, "--user", "finn", "--password-file"];
  const refused = await beeline("finn-2", [...login, join(folder, "wrong")]);
  expect(refused).toMatchObject({ code: 4, out: "" });
  expect(refused.err).toMatch(/^beeline: [^\n]+\n$/);
  expect(await beeline("finn-2", [...login, join(folder, "right")])).toMatchObject({ code: 0 });
});

test("after logout, and without a login, commands say so with code 4", async () => {
  await register("gus");
  expect(await beeline("gus", ["logout"])).toMatchObject({ code: 0, err: "" });
  const refused = await beeline("gus", ["buddies"]);
  expect(refused.code).toBe(4);
  expect(refused.err).toContain("beeline login");
});

test("an unknown buddy is refused with code 4, a too long text is wrong usage", async () => {
  await register("hal");
  expect(await beeline("hal", ["send", "nobody", "hi"])).toMatchObject({ code: 4 });
  expect(await beeline("hal", ["buddies", "add", "nobody-at-all"])).toMatchObject({ code: 4 });
  await register("ivy");
  await becomeBuddies("hal", "ivy");
  const long = await beeline("hal", ["send", "ivy", "-"], "x".repeat(10_001));
  expect(long).toMatchObject({ code: 2, out: "" });
  expect(await beeline("hal", ["send", "ivy", "  "])).toMatchObject({ code: 2, out: "" });
});

test("R1, R3: a route is chosen by command, and what it forbids stays queued and says why", async () => {
  await register("rita");
  await register("sven");
  await becomeBuddies("rita", "sven");
  expect(await beeline("rita", ["route", "sven"])).toEqual({
    code: 0,
    out: "sven: yours automatic, theirs automatic\n",
    err: "",
  });
  expect(await beeline("rita", ["route", "sven", "direct-only", "--json"])).toEqual({
    code: 0,
    out: '{"user":"sven","own":"direct-only","theirs":"automatic"}\n',
    err: "",
  });
  const late = await beeline("rita", ["send", "sven", "hello", "--timeout", "3"]);
  expect(late.code).toBe(5);
  expect(late.err).toContain("your route policy");
  expect(await beeline("rita", ["route", "sven", "relay-only"])).toMatchObject({ code: 0 });
  expect(await beeline("rita", ["send", "sven", "again"])).toMatchObject({
    code: 0,
    out: "sent stored\n",
  });
  expect(await beeline("rita", ["route", "sven", "sideways"])).toMatchObject({ code: 2 });
  expect(await beeline("rita", ["route", "nobody"])).toMatchObject({ code: 4 });
});

test("a server that cannot be reached is code 3; the message stays queued and goes later", async () => {
  await register("ida");
  await register("jon");
  await becomeBuddies("ida", "jon");
  // Takes the friendship and the buddy's device into the saved roster.
  expect(await beeline("ida", ["buddies"])).toMatchObject({ code: 0 });
  await server.stop("SIGTERM");
  const failed = await beeline("ida", ["send", "jon", "later"]);
  expect(failed).toMatchObject({ code: 3, out: "" });
  expect(failed.err).toMatch(/^beeline: The message is queued, not sent\.[^\n]+\n$/);
  expect(await beeline("ida", ["buddies"])).toMatchObject({ code: 3 });
  expect(await beeline("ida", ["doctor"])).toMatchObject({ code: 1 });
  await server.start();
  expect(await beeline("ida", ["send", "jon", "now"])).toMatchObject({ code: 0 });
  await using jon = new Listening("jon");
  expect(await jon.next(ofEvent("message"))).toMatchObject({ text: "later" });
  expect(await jon.next(ofEvent("message"))).toMatchObject({ text: "now" });
});

test("a history in use by another process is code 6", async () => {
  await register("kim");
  await using kim = new Listening("kim");
  await kim.next(online);
  const second = await beeline("kim", ["buddies"]);
  expect(second.code).toBe(6);
  expect(second.err).toContain("in use by another Beeline process");
});

test("doctor finds nothing wrong where nothing is", async () => {
  await register("lea");
  const { code, out, err } = await beeline("lea", ["doctor"]);
  expect(err).toBe("");
  expect(out.match(/^ok {4}/gm)).toHaveLength(8);
  expect(out).not.toContain("fail");
  expect(code).toBe(0);
});

test("a file is sent, and saved under a safe name by who listens", async () => {
  await register("fay");
  await register("gil");
  await becomeBuddies("fay", "gil");
  const path = join(folder, "report: final.txt");
  writeFileSync(path, "all is well\n");
  const saved = join(folder, "saved");
  await using listening = new Listening("gil", "--files", saved);
  await listening.next(online);
  expect(await beeline("fay", ["send-file", "gil", path])).toMatchObject({ code: 0, err: "" });
  const line = await listening.next(ofEvent("file"));
  expect(line).toMatchObject({ path: join(saved, "report_ final.txt") });
  expect(readFileSync(join(saved, "report_ final.txt"), "utf8")).toBe("all is well\n");
  const missing = await beeline("fay", ["send-file", "gil", join(folder, "missing")]);
  expect(missing.code).not.toBe(0);
});

test("the history goes into a file, and from there to another machine of the same account", async () => {
  await register("max");
  await register("nora");
  await becomeBuddies("max", "nora");
  expect(await beeline("max", ["send", "nora", "keep this"])).toMatchObject({ code: 0 });
  const [plain, sealed] = [join(folder, "history.json"), join(folder, "history.backup")];
  const secret = ["--passphrase-file", join(folder, "right")];
  const told = await beeline("max", ["export", plain, "--chat", "nora", "--json"]);
  expect(told).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(told.out)).toEqual({ file: plain, messages: 1 });
  expect(readFileSync(plain, "utf8")).toContain("keep this");
  expect(await beeline("max", ["export", sealed, ...secret])).toMatchObject({ code: 0 });
  expect(readFileSync(sealed).includes("keep this")).toBe(false);
  // Nothing is written over.
  expect(await beeline("max", ["export", plain])).toMatchObject({ code: 2 });

  const other = "max’s other machine";
  const login = ["login", "--server", server.address, "--user", "max"];
  expect(await beeline(other, [...login, "--password-file", join(folder, "right")])).toMatchObject({
    code: 0,
    err: "",
  });
  expect(await beeline(other, ["import", sealed, ...secret])).toMatchObject({
    code: 0,
    out: "1 messages added, 0 were here already\n",
  });
  const again = await beeline(other, ["import", plain, "--json"]);
  expect(JSON.parse(again.out)).toEqual({ added: 0, known: 1 });
  expect((await beeline(other, ["export", "-"])).out).toContain("keep this");
  // Nobody else's.
  expect(await beeline("nora", ["import", plain])).toMatchObject({ code: 1 });
});
