import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OperatorError } from "./operator-error.ts";
import { readSettings, unknownVariables, type SettingSources } from "./read-settings.ts";
import { environmentName, printable, settingNames } from "./settings.ts";

function read(sources: Partial<SettingSources>): ReturnType<typeof readSettings> {
  return readSettings({ flags: {}, env: {}, file: undefined, ...sources });
}

function complaint(sources: Partial<SettingSources>): string {
  try {
    read(sources);
  } catch (error) {
    if (error instanceof OperatorError && error.exitCode === 2) return error.message;
    throw error;
  }
  throw new Error("the settings were accepted");
}

async function readToml(text: string, sources: Partial<SettingSources> = {}) {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-config-"));
  const file = join(folder.path, "beeline.toml");
  await writeFile(file, text);
  return read({ file, ...sources });
}

async function tomlComplaint(text: string): Promise<string> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-config-"));
  const file = join(folder.path, "beeline.toml");
  await writeFile(file, text);
  return complaint({ file }).replace(folder.path, "");
}

describe("sources", () => {
  test("without any, every setting has its default", () => {
    expect(read({})).toMatchObject({
      port: 8383,
      registration: "open",
      "trust-proxy": false,
      "web-client": true,
      "mailbox-quota": 64 * 1024 * 1024,
      "mailbox-max-age": 30 * 86_400_000,
      metrics: "loopback",
    });
  });

  test("a flag goes before the environment, the environment before the file", async () => {
    const toml = 'port = 1\nname = "file"\nregistration = "closed"';
    const env = { BEELINE_PORT: "2", BEELINE_NAME: "environment" };
    const settings = await readToml(toml, { env, flags: { port: "3" } });
    expect(settings).toMatchObject({ port: 3, name: "environment", registration: "closed" });
  });

  test("every setting has a variable of its own", () => {
    expect(environmentName("mailbox-max-age")).toBe("BEELINE_MAILBOX_MAX_AGE");
    expect(new Set(settingNames.map(environmentName)).size).toBe(settingNames.length);
  });

  test("a file has TOML's types or text", async () => {
    expect(
      await readToml(
        [
          "trust-proxy = true",
          'allowed-origins = ["https://a.example", "https://b.example"]',
          "mailbox-quota = 1000",
          'mailbox-max-age = "12h"',
        ].join("\n"),
      ),
    ).toMatchObject({
      "trust-proxy": true,
      "allowed-origins": ["https://a.example", "https://b.example"],
      "mailbox-quota": 1000,
      "mailbox-max-age": 12 * 3_600_000,
    });
  });

  test("environment and flags have text", () => {
    const env = {
      BEELINE_TRUST_PROXY: "yes",
      BEELINE_WEB_CLIENT: "0",
      BEELINE_ALLOWED_ORIGINS: "https://a.example, https://b.example",
      BEELINE_MAILBOX_QUOTA: "2GB",
    };
    expect(read({ env })).toMatchObject({
      "trust-proxy": true,
      "web-client": false,
      "allowed-origins": ["https://a.example", "https://b.example"],
      "mailbox-quota": 2_000_000_000,
    });
  });
});

describe("mistakes", () => {
  test.each([
    [{ env: { BEELINE_PORT: "70000" } }, "BEELINE_PORT"],
    [{ env: { BEELINE_PORT: "80a" } }, "BEELINE_PORT"],
    [{ flags: { port: "" } }, "--port"],
    [{ flags: { registration: "maybe" } }, "--registration: expected one of open, invite, closed"],
    [{ env: { BEELINE_MAILBOX_MAX_AGE: "30 years" } }, "30s, 15m, 12h or 7d"],
    [{ env: { BEELINE_MAILBOX_MAX_AGE: "0d" } }, "BEELINE_MAILBOX_MAX_AGE"],
    [{ env: { BEELINE_MAILBOX_QUOTA: "9999999999GB" } }, "BEELINE_MAILBOX_QUOTA"],
    [{ env: { BEELINE_TRUST_PROXY: "perhaps" } }, "BEELINE_TRUST_PROXY: expected true or false"],
    [{ flags: { "tls-cert": "cert.pem" } }, "tls-cert and tls-key belong together"],
    [{ file: "/nowhere/beeline.toml" }, "/nowhere/beeline.toml"],
  ])("%j is one line that names it", (sources, words) => {
    const line = complaint(sources);
    expect(line).toContain(words);
    expect(line).not.toContain("\n");
  });

  test("an unknown key in the file is named", async () => {
    expect(await tomlComplaint("prot = 1")).toBe("prot in /beeline.toml: there is no such setting");
    expect(await tomlComplaint("[server]\nport = 1")).toContain("server in");
    expect(await tomlComplaint("__proto__ = 1")).toContain("__proto__ in");
  });

  test("a file that is no TOML is told with its line", async () => {
    expect(await tomlComplaint('port = 1\nname = "')).toContain("/beeline.toml, line 2");
  });

  test("a variable that is no setting is found", () => {
    const env = { BEELINE_PROT: "1", BEELINE_PORT: "1", BEELINE_CONFIG: "x", PATH: "" };
    expect(unknownVariables(env)).toEqual(["BEELINE_PROT"]);
  });
});

describe("secrets", () => {
  test("a secret is masked in print and not repeated in a complaint", () => {
    const env = { BEELINE_METRICS_TOKEN: "0123456789abcdef" };
    expect(JSON.stringify(printable(read({ env })))).not.toContain("0123456789");
    expect(printable(read({ env }))).toMatchObject({ "metrics-token": "•••", port: 8383 });
    expect(complaint({ env: { BEELINE_METRICS_TOKEN: "short" } })).not.toContain("short");
  });
});

describe("STUN and TURN", () => {
  const uris = "turn:turn.example.org:3478, turns:[2001:db8::1]?transport=tcp";

  test("ports, addresses and times are taken as they are written", async () => {
    expect(read({})).toMatchObject({ "turn-uris": [], "turn-ttl": 12 * 3_600_000 });
    expect(read({ flags: { "stun-port": "3478" } })).toMatchObject({ "stun-port": 3478 });
    expect(await readToml('stun-port = "off"')).toMatchObject({ "stun-port": "off" });
    const flags = { "turn-uris": uris, "turn-secret-file": "/etc/turn", "turn-ttl": "1h" };
    expect(read({ flags })).toMatchObject({
      "turn-uris": ["turn:turn.example.org:3478", "turns:[2001:db8::1]?transport=tcp"],
      "turn-ttl": 3_600_000,
    });
  });

  test("mistakes are told", () => {
    expect(complaint({ flags: { "stun-port": "on" } })).toContain("or off");
    expect(complaint({ flags: { "stun-port": "70000" } })).toContain("65535");
    expect(complaint({ flags: { "turn-ttl": "5s" } })).toContain("a minute at least");
    const wrong = { "turn-uris": "http://turn.example.org", "turn-secret-file": "/etc/turn" };
    expect(complaint({ flags: wrong })).toContain("turn:turn.example.org");
    expect(complaint({ flags: { "turn-uris": uris } })).toContain("belong together");
    expect(complaint({ flags: { "turn-secret-file": "/etc/turn" } })).toContain("belong together");
  });

  test("N5 the secret is no flag, and is not printed", () => {
    const env = { BEELINE_TURN_SECRET: "north-by-northwest", BEELINE_TURN_URIS: uris };
    const shown = JSON.stringify(printable(read({ env })));
    expect(shown).toContain("turn.example.org");
    expect(shown).not.toContain("north");
    expect(complaint({ env: { BEELINE_TURN_SECRET: "north-by-northwest" } })).not.toContain(
      "north",
    );
  });
});
