import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { OperatorError } from "../config/operator-error.ts";
import { readSettings } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { noMetrics } from "../metrics.ts";
import { askStun } from "../stun/ask-stun.ts";
import { StunServer } from "../stun/stun-server.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { TestClient } from "../testing/test-client.ts";
import { checkStun } from "./doctor/stun.ts";
import { checkTurn } from "./doctor/turn.ts";
import { serveStun } from "./serve-stun.ts";
import { runProgram, ServerProcess } from "./testing/program.ts";

const options = { clock: new FakeClock(), log: pino({ level: "silent" }), metrics: noMetrics };

function settings(flags: Readonly<Record<string, string | boolean>>): Settings {
  return readSettings({ flags: { host: "127.0.0.1", ...flags }, env: {}, file: undefined });
}

/** A UDP port that is taken while the test runs. */
function taken(): Promise<StunServer> {
  return StunServer.listen("127.0.0.1", 0, options);
}

test("a UDP port that nobody has named and is taken is no reason not to serve", async () => {
  await using other = await taken();
  expect(await serveStun(settings({}), other.port, options)).toBeUndefined();
  const named = settings({ "stun-port": String(other.port) });
  await expect(serveStun(named, 8383, options)).rejects.toThrow(OperatorError);
  expect(await serveStun(settings({ "stun-port": "off" }), 0, options)).toBeUndefined();
  await using free = await serveStun(settings({ "stun-port": "0" }), other.port, options);
  expect(free?.port).toBeGreaterThan(0);
});

test("a named UDP port that is taken ends the start with one line", async () => {
  await using other = await taken();
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-stun-"));
  const flags = ["--host", "127.0.0.1", "--port", "0", "--stun-port", String(other.port)];
  const ended = await runProgram(["serve", "--data", folder.path, ...flags]);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/^[^\n]*--stun-port[^\n]*\n$/);
});

test("the doctor tells a free port, one that answers, and one that another program has", async () => {
  await using running = await taken();
  const port = String(running.port);
  const told = async (flags: Readonly<Record<string, string | boolean>>) =>
    (await checkStun(settings(flags))).map(({ state, text }) => `${state}: ${text}`);
  expect(await told({ port })).toEqual([`good: STUN: UDP port ${port} answers.`]);
  expect(await told({ "stun-port": "off" })).toEqual(["good: STUN: off."]);
  expect(await told({ port: "0" })).toEqual(["good: STUN: any UDP port that is free."]);
  const proxied = await told({ port, "trust-proxy": true });
  expect(proxied[1]).toMatch(/^poor: STUN: only this machine reaches it.*--stun-host ::/);
  await running[Symbol.asyncDispose]();
  expect(await told({ port })).toEqual([`good: STUN: UDP port ${port} is free.`]);
});

test("the doctor tells a TURN server that does not answer, and a secret that is not there", async () => {
  await using silent = await taken();
  const { port } = silent;
  await silent[Symbol.asyncDispose]();
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-turn-"));
  const file = join(folder.path, "secret");
  const uris = [`turn:127.0.0.1:${port}?transport=tcp`, `turn:127.0.0.1:${port}`];
  const turn = settings({ "turn-uris": uris.join(","), "turn-secret-file": file });
  expect(await checkTurn(turn)).toMatchObject([{ state: "bad" }]);
  await writeFile(file, "\n");
  expect(await checkTurn(turn)).toMatchObject([{ state: "bad" }]);
  await writeFile(file, "north\n");
  expect(await checkTurn(turn)).toMatchObject([
    { state: "poor", text: `TURN: ${uris[0]} does not answer.` },
    { state: "poor", text: `TURN: ${uris[1]} does not answer.` },
  ]);
  expect(await checkTurn(settings({}))).toEqual([]);
});

test("N1 N5 a server answers STUN on its own port, and tells members; its log has no secret", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-turn-"));
  const flags = ["--turn-uris", "turn:turn.example.org", "--log-level", "debug"];
  const env = { BEELINE_TURN_SECRET: "north-by-northwest" };
  await using server = await ServerProcess.start(folder.path, flags, env);
  const { port } = server;
  expect(await askStun({ address: "127.0.0.1", port }, 5_000)).toMatchObject({
    address: "127.0.0.1",
  });
  await using ada = await TestClient.register(port, "ada");
  const { ice } = ada.session;
  expect(ice).toMatchObject({ stunPort: port, turn: { uris: ["turn:turn.example.org"] } });
  const ended = await server.end("SIGTERM");
  expect(ended.code).toBe(0);
  expect(ended.stdout).toContain("STUN listens");
  expect(ended.stdout).not.toContain("north-by-northwest");
  expect(ended.stdout).not.toContain(ice?.turn?.credential);
});
