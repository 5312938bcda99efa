import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ServerProcess } from "../rendezvous/commands/testing/program.ts";
import { errorNameOf, TestClient } from "../rendezvous/testing/test-client.ts";
import { findText } from "./support/find-text.ts";
import { administer } from "./support/rendezvous-process.ts";

const CLI = fileURLToPath(new URL("../app/cli/main.ts", import.meta.url));

const passwords = {
  right: "correct-horse-battery",
  wrong: "wrong-horse-typed-here",
  first: "a-first-passphrase-of-cyd",
  next: "the-next-passphrase-of-cyd",
  reset: "reset-by-administrator-77",
};
/** What somebody types into the field for the user name when it was the password's turn. */
const MISPLACED = "MyPasswordInTheWrongField";
const TEXT = "meet me behind the old mill at nine";

/** The command line at its most talkative. */
class Person {
  /** Everything on its standard error. */
  errors = "";
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  async run(...argv: readonly string[]): Promise<number | null> {
    const child = spawn(
      process.execPath,
      [CLI, "--verbose", "--data", join(this.#folder, this.#name), ...argv],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const closed = once(child, "close");
    this.errors += await text(child.stderr);
    await closed;
    return child.exitCode;
  }

  enter(how: "register" | "login", server: string, password: keyof typeof passwords) {
    const file = join(this.#folder, `password-${password}`);
    return this.run(how, "--server", server, "--user", this.#name, "--password-file", file);
  }
}

test(
  "H10 no log, no audit log and no file of the server has a password, an invitation or a text",
  { timeout: 180_000 },
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-secrets-"));
    for (const [name, password] of Object.entries(passwords)) {
      await writeFile(join(folder.path, `password-${name}`), `${password}\n`, { mode: 0o600 });
    }
    const data = join(folder.path, "server");
    const flags = ["--log-level", "debug", "--registration", "invite"];
    // By its public address clients come over TLS, and pin its own certificate.
    await using server = await ServerProcess.start(data, [
      ...flags,
      ...["--public-address", "https://127.0.0.1"],
    ]);
    const codes: string[] = [];
    const invite = async (...more: readonly string[]): Promise<{ code: string; link: string }> => {
      const address = ["--public-address", `127.0.0.1:${server.port}`];
      const made = await administer(data, ["invite", ...address, ...more]);
      const [code = "", link = ""] = made.split("\n");
      codes.push(code);
      return { code, link };
    };

    const ada = new Person(folder.path, "ada");
    const ben = new Person(folder.path, "ben");
    const { link } = await invite("--uses", "2");
    expect(link).toMatch(/^https:.*pin=/);
    expect(await ada.enter("register", link, "right")).toBe(0);
    expect(await ben.enter("register", link, "right")).toBe(0);
    const unused = await invite("--expires", "1h");

    const late = new Person(folder.path, "late");
    expect(await late.enter("register", link, "right")).toBe(4);
    const guesser = new Person(folder.path, "ada-at-another-place");
    const at = ["--server", link, "--user", "ada", "--password-file"];
    expect(await guesser.run("login", ...at, join(folder.path, "password-wrong"))).toBe(4);
    await using confused = await TestClient.connect(server.port);
    const typed = { password: passwords.wrong };
    expect(await errorNameOf(confused.signIn(MISPLACED, typed))).toBe("wrong-credential");

    const third = await invite();
    await using cyd = await TestClient.connect(server.port);
    await cyd.register("cyd", { password: passwords.first, invite: third.code });
    await cyd.changePassword(passwords.first, passwords.next);
    const resetFile = ["--password-file", join(folder.path, "password-reset")];
    await administer(data, ["user", "reset-password", "cyd", ...resetFile]);

    expect(await ada.run("buddies", "add", "ben")).toBe(0);
    expect(await ben.run("buddies", "accept", "ada")).toBe(0);
    expect(await ada.run("send", "ben", TEXT)).toBe(0);
    await administer(data, ["invite", "revoke", unused.code]);

    const audit = await administer(data, ["audit", "--json"]);
    for (const action of [
      "registered",
      "registration-refused",
      "sign-in-failed",
      "password-changed",
      "password-reset",
      "invite-made",
      "invite-revoked",
    ]) {
      expect(audit).toContain(`"action":"${action}"`);
    }
    expect(server.log).toContain('"log-level":"debug"');
    expect(late.errors).toContain("invitation");

    const ended = await server.end("SIGTERM");
    const places = {
      stdout: Buffer.from(ended.stdout),
      stderr: Buffer.from(ended.stderr),
      audit: Buffer.from(audit),
      clients: Buffer.from(ada.errors + ben.errors + late.errors + guesser.errors),
      disk: await allFiles(data),
    };
    expect(findText(places.disk, "cyd")).toBe("utf8");
    const plainCodes = codes.map((code) => code.replaceAll("-", ""));
    const secrets = [...Object.values(passwords), MISPLACED, TEXT, ...codes, ...plainCodes];
    expect(secrets).toHaveLength(13);
    for (const [place, bytes] of Object.entries(places)) {
      for (const secret of secrets) {
        expect([place, secret, findText(bytes, secret)]).toEqual([place, secret, undefined]);
      }
    }
  },
);

async function allFiles(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(
    await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name)))),
  );
}
