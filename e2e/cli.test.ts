import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CliStage, ofEvent, online, type Ended } from "./support/cli-stage.ts";

// A test starts up to 13 processes, each of them a third of a second of work.
vi.setConfig({ testTimeout: 60_000 });

let stage: CliStage;

beforeAll(async () => {
  stage = await CliStage.begin();
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

function beeline(user: string, argv: readonly string[], input = ""): Promise<Ended> {
  return stage.beeline(user, argv, input);
}

function register(user: string): Promise<void> {
  return stage.register(user);
}

function becomeBuddies(a: string, b: string): Promise<void> {
  return stage.becomeBuddies(a, b);
}

test("two people register, become buddies, and talk by send and listen", async () => {
  await register("ada");
  await register("ben");
  await becomeBuddies("ada", "ben");
  expect(await beeline("ada", ["buddies"])).toMatchObject({
    code: 0,
    out: "ben                  offline\n",
  });

  await using ben = stage.listen("ben");
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
    await using dan = stage.listen("dan");
    for (const text of ["one", "two", "three"]) {
      expect(await dan.next(ofEvent("message"))).toMatchObject({ text, path: "stored" });
    }
    expect(await dan.stop()).toBe(0);
  }
  expect(await beeline("cleo", ["send", "dan", "four"])).toMatchObject({ code: 0 });
  await using dan = stage.listen("dan");
  expect(await dan.next(ofEvent("message"))).toMatchObject({ text: "four" });
});

test("a bot accepts who asks, and may be talked to at once", async () => {
  await register("bot");
  await register("eve");
  await using bot = stage.listen("bot", "--accept-requests");
  await bot.next(online);
  expect(await beeline("eve", ["buddies", "add", "bot"])).toMatchObject({ code: 0 });
  await bot.next((line) => line.event === "presence" && line["state"] === "buddies");
  expect(await beeline("eve", ["send", "bot", "help"])).toMatchObject({ code: 0, err: "" });
  expect(await bot.next(ofEvent("message"))).toMatchObject({ user: "eve", text: "help" });
});

test("a wrong password is refused with code 4 and one line", async () => {
  await register("finn");
  const login = ["login", "--server", stage.server.address, "--user", "finn", "--password-file"];
  const refused = await beeline("finn-2", [...login, join(stage.folder, "wrong")]);
  expect(refused).toMatchObject({ code: 4, out: "" });
  expect(refused.err).toMatch(/^beeline: [^\n]+\n$/);
  expect(await beeline("finn-2", [...login, join(stage.folder, "right")])).toMatchObject({
    code: 0,
  });
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
  await stage.server.stop("SIGTERM");
  const failed = await beeline("ida", ["send", "jon", "later"]);
  expect(failed).toMatchObject({ code: 3, out: "" });
  expect(failed.err).toMatch(/^beeline: The message is queued, not sent\.[^\n]+\n$/);
  expect(await beeline("ida", ["buddies"])).toMatchObject({ code: 3 });
  expect(await beeline("ida", ["doctor"])).toMatchObject({ code: 1 });
  await stage.server.start();
  expect(await beeline("ida", ["send", "jon", "now"])).toMatchObject({ code: 0 });
  await using jon = stage.listen("jon");
  expect(await jon.next(ofEvent("message"))).toMatchObject({ text: "later" });
  expect(await jon.next(ofEvent("message"))).toMatchObject({ text: "now" });
});

test("a history in use by another process is code 6", async () => {
  await register("kim");
  await using kim = stage.listen("kim");
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
  const path = join(stage.folder, "report: final.txt");
  writeFileSync(path, "all is well\n");
  const saved = join(stage.folder, "saved");
  await using listening = stage.listen("gil", "--files", saved);
  await listening.next(online);
  expect(await beeline("fay", ["send-file", "gil", path])).toMatchObject({ code: 0, err: "" });
  const line = await listening.next(ofEvent("file"));
  expect(line).toMatchObject({ path: join(saved, "report_ final.txt") });
  expect(readFileSync(join(saved, "report_ final.txt"), "utf8")).toBe("all is well\n");
  const missing = await beeline("fay", ["send-file", "gil", join(stage.folder, "missing")]);
  expect(missing.code).not.toBe(0);
});

test("the history goes into a file, and from there to another machine of the same account", async () => {
  await register("hana");
  await register("ivo");
  await becomeBuddies("hana", "ivo");
  expect(await beeline("hana", ["send", "ivo", "keep this"])).toMatchObject({ code: 0 });
  const [plain, sealed] = [
    join(stage.folder, "history.json"),
    join(stage.folder, "history.backup"),
  ];
  const secret = ["--passphrase-file", join(stage.folder, "right")];
  const told = await beeline("hana", ["export", plain, "--chat", "ivo", "--json"]);
  expect(told).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(told.out)).toEqual({ file: plain, messages: 1 });
  expect(readFileSync(plain, "utf8")).toContain("keep this");
  expect(await beeline("hana", ["export", sealed, ...secret])).toMatchObject({ code: 0 });
  expect(readFileSync(sealed).includes("keep this")).toBe(false);
  // Nothing is written over.
  expect(await beeline("hana", ["export", plain])).toMatchObject({ code: 2 });

  const other = "hana’s other machine";
  const login = ["login", "--server", stage.server.address, "--user", "hana"];
  expect(
    await beeline(other, [...login, "--password-file", join(stage.folder, "right")]),
  ).toMatchObject({
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
  expect(await beeline("ivo", ["import", plain])).toMatchObject({ code: 1 });
});
