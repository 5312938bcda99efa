import { mkdir, mkdtempDisposable, readdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as v from "valibot";
import { closeCodes, UserId } from "../../shared/protocol/index.ts";
import { environmentName, settingNames } from "../config/settings.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { errorNameOf, newKeys, TestClient } from "../testing/test-client.ts";
import { runProgram, ServerProcess, type Ended } from "./testing/program.ts";
import { runInside } from "./testing/run-inside.ts";

interface Place extends AsyncDisposable {
  readonly path: string;
  /** A command on this data folder. */
  run(...argv: string[]): Promise<Ended>;
  /** The name of a file with this content. */
  file(name: string, content: string): Promise<string>;
}

async function makePlace(): Promise<Place> {
  const folder = await mkdtempDisposable(join(tmpdir(), "beeline-commands-"));
  const data = join(folder.path, "data");
  return {
    path: data,
    run: (...argv) => runInside([...argv, "--data", data]),
    file: async (name, content) => {
      const path = join(folder.path, name);
      await writeFile(path, content);
      return path;
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

function expectComplaint({ code, stderr, stdout }: Ended, words: string, exitCode = 1): void {
  expect(stderr).toContain(words);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stdout).toBe("");
  expect(code).toBe(exitCode);
}

describe("while the server runs", () => {
  test("a user is added, disabled, enabled and given a new password", async () => {
    await using place = await makePlace();
    await using server = await ServerProcess.start(place.path, ["--registration", "closed"]);
    const file = await place.file("password", "first password\nignored\n");
    const added = await place.run("user", "add", "Ada", "--password-file", file);
    expect(added).toEqual({ code: 0, stdout: "Ada can sign in now.\n", stderr: "" });

    const keys = newKeys();
    const signIn = async (password: string): Promise<TestClient> => {
      const client = await TestClient.connect(server.port);
      await client.signIn("ada", { password, keys, dear: true });
      return client;
    };
    await using ada = await signIn("first password");

    expect((await place.run("user", "disable", "ADA")).code).toBe(0);
    expect(await ada.closed).toBe(closeCodes.sessionEnded);
    await using stranger = await TestClient.connect(server.port);
    expect(await errorNameOf(stranger.resume(keys))).toBe("session-ended");
    const right = { password: "first password", keys, dear: true };
    expect(await errorNameOf(stranger.signIn("ada", right))).toBe("account-disabled");
    expect((await place.run("user", "list")).stdout).toMatch(/Ada +Ada +disabled/);

    expect((await place.run("user", "enable", "ada")).code).toBe(0);
    await using back = await signIn("first password");
    const next = await place.file("next", "second password");
    expect((await place.run("user", "reset-password", "ada", "--password-file", next)).code).toBe(
      0,
    );
    expect(await back.closed).toBe(closeCodes.sessionEnded);
    expect(await errorNameOf(stranger.signIn("ada", right))).toBe("wrong-credential");
    await using again = await signIn("second password");
    expect(again.session.profile.displayName).toBe("Ada");
  });

  test("only those whose session was ended are cut", async () => {
    await using place = await makePlace();
    await using server = await ServerProcess.start(place.path);
    await using ada = await TestClient.register(server.port, "ada");
    await using ben = await TestClient.register(server.port, "ben");
    expect((await place.run("user", "disable", "ada")).code).toBe(0);
    expect(await ada.closed).toBe(closeCodes.sessionEnded);
    expect(await ben.request("session.ping", {})).toEqual({});
  });

  test("an invitation lets in as many as it says", async () => {
    await using place = await makePlace();
    await using server = await ServerProcess.start(place.path, ["--registration", "invite"]);
    const made = await place.run("invite", "--uses", "1", "--expires", "7d");
    expect(made.stdout).toMatch(/^[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\n/);
    const [invite = ""] = made.stdout.split("\n");
    await using client = await TestClient.connect(server.port);
    expect(await errorNameOf(client.register("ada"))).toBe("invite-required");
    await client.register("ada", { invite });
    await using second = await TestClient.connect(server.port);
    expect(await errorNameOf(second.register("ben", { invite }))).toBe("invite-invalid");

    const [other = ""] = (await place.run("invite")).stdout.split("\n");
    expect((await place.run("invite", "list", "--json")).stdout).toContain(
      `"label":"${other.slice(0, 4)}"`,
    );
    expect((await place.run("invite", "revoke", other)).code).toBe(0);
    expect(await errorNameOf(second.register("ben", { invite: other }))).toBe("invite-invalid");
  });

  test("a backup can be served in its place", async () => {
    await using place = await makePlace();
    await using restored = await makePlace();
    const target = join(place.path, "copy.db");
    await using server = await ServerProcess.start(place.path);
    await using ada = await TestClient.register(server.port, "ada");
    expect(await place.run("backup", target)).toMatchObject({ code: 0, stderr: "" });
    expectComplaint(await place.run("backup", target), "exists already");
    expect(await ada.request("session.ping", {})).toEqual({});

    await mkdir(restored.path);
    await rename(target, join(restored.path, "beeline.db"));
    await using second = await ServerProcess.start(restored.path);
    await using back = await TestClient.connect(second.port);
    await back.resume(ada.keys);
    expect(back.session.profile.userName).toBe("ada");
  });

  test("doctor finds the server and nothing wrong", async () => {
    await using place = await makePlace();
    await using server = await ServerProcess.start(place.path);
    const flags = ["--host", "127.0.0.1", "--port", String(server.port), "--no-web-client"];
    const found = await place.run("doctor", ...flags);
    expect(found.stdout).toContain(`a Beeline server answers at ${server.address}`);
    expect(found.stdout).not.toMatch(/^(?:warn|FAIL)/m);
    expect(found).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("mistakes", () => {
  test("names and passwords that cannot be", async () => {
    await using place = await makePlace();
    const short = await place.file("short", "1234567");
    const good = await place.file("good", "12345678");
    const add = (name: string, file: string): Promise<Ended> =>
      place.run("user", "add", name, "--password-file", file);
    expectComplaint(await add("a b", good), '"a b" cannot be a user name', 2);
    expectComplaint(await add("ada", short), "8 to 256 characters");
    expectComplaint(await add("ada", "/nowhere/password"), "/nowhere/password");
    expectComplaint(await place.run("user", "add", "ada"), "--password-file", 2);
    expectComplaint(await place.run("user", "add", "ada", "--password", "x"), "--password", 2);
    expect((await add("ada", good)).code).toBe(0);
    expectComplaint(await add("ADA", good), "There is a user ADA already.");
    expectComplaint(await place.run("user", "disable", "ben"), "There is no user ben.");
    expectComplaint(await place.run("invite", "revoke", "none"), "There is no invitation none.");
    expectComplaint(await place.run("invite", "--uses", "0"), "--uses", 2);
    expectComplaint(await place.run("invite", "--expires", "soon"), "--expires", 2);
    expectComplaint(await place.run("user"), "Use user add", 2);
    expectComplaint(await place.run("user", "list", "all"), "one word too many", 2);
    expectComplaint(await place.run("backup"), "FILE is missing", 2);
    expectComplaint(await place.run("backup", join(good, "x")), "cannot be written");
  });

  test("a data folder without a database is not made by looking", async () => {
    await using place = await makePlace();
    expectComplaint(await place.run("user", "list"), "There is no Beeline database");
    expectComplaint(await place.run("backup", "copy.db"), "There is no Beeline database");
    await expect(readdir(place.path)).rejects.toThrow("ENOENT");
  });

  test("no command, an unknown command, help and version", async () => {
    expectComplaint(await runInside([]), "Which command?", 2);
    expectComplaint(await runInside(["srve"]), 'no command "srve"', 2);
    const { code, stdout } = await runInside(["help"]);
    expect(code).toBe(0);
    for (const name of settingNames) {
      expect(stdout).toMatch(new RegExp(`(?:${environmentName(name)}|--(?:\\[no-\\])?${name}) `));
    }
    expect((await runInside(["serve", "--help"])).stdout).toBe(stdout);
    // The program as npx runs it.
    expect((await runProgram(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("the prompt for a password", () => {
  test("asks twice and shows nothing of it", async () => {
    await using place = await makePlace();
    const added = await runInside(["user", "add", "ada", "--data", place.path], {
      typed: ["a secret\r", "a secret\r"],
    });
    expect(added).toEqual({
      code: 0,
      stdout: "ada can sign in now.\n",
      stderr: "New password: \nOnce more: \n",
    });
  });

  test.each([
    [["a secret\r", "another secret\r"], "The two passwords differ."],
    [["short\r", "short\r"], "8 to 256 characters"],
    [["a sec\u0003"], "Nothing was changed."],
    [["\u0004"], "Nothing was changed."],
  ])("%j changes nothing", async (typed, words) => {
    await using place = await makePlace();
    const ended = await runInside(["user", "add", "ada", "--data", place.path], { typed });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(words);
    expect((await place.run("user", "list")).stdout).not.toContain("ada");
  });
});

describe("doctor", () => {
  test("before the first start all is well", async () => {
    await using place = await makePlace();
    const found = await place.run("doctor", "--port", "0", "--no-web-client");
    expect(found.stdout).toContain("will be made at the first start");
    expect(found.code).toBe(0);
    await expect(readdir(place.path)).rejects.toThrow("ENOENT");
  });

  test("passwords of an older version are told, and a reset puts it right", async () => {
    await using place = await makePlace();
    {
      await using store = await openSqliteStore(join(place.path, "beeline.db"));
      const userId = v.parse(UserId, `u${"0".repeat(20)}A`);
      const credential = "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA";
      const account = { userId, userName: "ada", displayName: "Ada", credential, now: 1 };
      await store.accounts.create(account);
    }
    const doctor = ["doctor", "--port", "0", "--no-web-client"];
    const told = await place.run(...doctor);
    expect(told.stdout).toMatch(/^warn {2}Passwords: 1 of an older version .*ada/m);
    expect(told.code).toBe(0);
    const file = await place.file("password", "a good password");
    await place.run("user", "reset-password", "ada", "--password-file", file);
    expect((await place.run(...doctor)).stdout).toMatch(/^ok {4}Passwords/m);
  });

  test("a damaged database, a bad setting and a taken port are found", async () => {
    await using place = await makePlace();
    expect((await place.run("invite")).code).toBe(0);
    await writeFile(join(place.path, "beeline.db"), Buffer.alloc(8192, "noise"));
    const damaged = await place.run("doctor", "--port", "0");
    expect(damaged.stdout).toMatch(/^FAIL {2}Database: .*damaged/m);
    expect(damaged.stderr).toContain("One thing must be put right");
    expect(damaged.code).toBe(1);
    const misled = await place.run("doctor", "--port", "x");
    expect(misled.stdout).toMatch(/^FAIL {2}Configuration: --port/m);
    expect(misled.code).toBe(1);
  });
});
