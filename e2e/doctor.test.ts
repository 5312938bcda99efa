import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createNodePorts } from "../app/cli/ports/node-ports.ts";
import type { Examination, IceServer, NetworkSurvey } from "../shared/chatkit/chatkit.ts";
import { Surveyor } from "../shared/chatkit/network/survey.ts";
import { testServerInfo } from "../shared/chatkit/testing/test-server-info.ts";
import { befriend, EngineDevice } from "./support/engine-device.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";
import { UdpNat } from "./support/udp-nat.ts";

const MAIN = fileURLToPath(new URL("../app/cli/main.ts", import.meta.url));

/** An examination takes 20 s at the most. */
const TIMEOUT_MS = 60_000;

let resources: AsyncDisposableStack;
let folder: string;
let server: RendezvousProcess;
let devices: AsyncDisposableStack;
let people = 0;

beforeAll(async () => {
  resources = new AsyncDisposableStack();
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "beeline-doctor-"))).path;
  server = resources.use(await RendezvousProcess.start(join(folder, "server")));
});

afterAll(() => resources.disposeAsync());

beforeEach(() => {
  devices = new AsyncDisposableStack();
  people += 1;
});

afterEach(() => devices.disposeAsync());

function device(name: string, options: { readonly webRtc?: boolean } = {}): EngineDevice {
  const userName = `${name}${people}`;
  const dataFolder = join(folder, userName);
  return new EngineDevice({ server: server.address, dataFolder, userName, ...options });
}

/** Two people, each with one device. */
async function two(options: { readonly webRtc?: boolean } = {}) {
  const ada = devices.use(await device("ada").register());
  const ben = devices.use(await device("ben", options).register());
  await befriend(ada, ben);
  await ada.kit.roster.ready();
  await ben.kit.roster.ready();
  return { ada, ben };
}

async function examine(one: EngineDevice, other: EngineDevice): Promise<Examination> {
  const [examination, ...more] = await one.kit.network.examine(one.userId(other.userName));
  if (examination === undefined) throw new Error("nothing was examined");
  expect(more).toEqual([]);
  return examination;
}

test(
  "X1 two on one machine: everything works, and both ends say so",
  { timeout: TIMEOUT_MS },
  async () => {
    const { ada, ben } = await two();
    const examination = await examine(ada, ben);
    expect(examination).toMatchObject({
      own: { server: { state: "ok" }, udp: "ok", turn: "none", policy: "automatic" },
      theirs: { server: { state: "ok" }, udp: "ok", turn: "none", policy: "automatic" },
      direct: { state: "ok", pair: { local: "host" } },
      relay: { state: "ok" },
    });
    expect(examination.findings).toEqual(["ok"]);
    expect(examination.deviceId).toBe(ben.kit.self?.deviceId);
  },
);

test(
  "X2 one end has no WebRTC: the relay works, and the end is named",
  { timeout: TIMEOUT_MS },
  async () => {
    const { ada, ben } = await two({ webRtc: false });
    expect(await examine(ada, ben)).toMatchObject({
      own: { udp: "ok" },
      theirs: { udp: "no-webrtc", turn: "no-webrtc" },
      direct: { state: "failed" },
      relay: { state: "ok" },
      findings: ["peer-no-webrtc"],
    });
    expect(await examine(ben, ada)).toMatchObject({
      own: { udp: "no-webrtc" },
      theirs: { udp: "ok" },
      direct: { state: "no-webrtc" },
      relay: { state: "ok" },
      findings: ["own-no-webrtc"],
    });
  },
);

test("X1 nobody there: this end alone is examined", { timeout: TIMEOUT_MS }, async () => {
  const { ada, ben } = await two();
  const deviceId = ben.kit.self?.deviceId;
  await ben.kit.close();
  await ada.until("ben is gone", () => ada.entry(ben.userName)?.presence.show === "offline");
  const examination = await examine(ada, ben);
  expect(examination).toMatchObject({
    deviceId,
    own: { server: { state: "ok" }, udp: "ok" },
    direct: { state: "failed" },
    relay: { state: "failed" },
    findings: ["peer-offline"],
  });
  expect(examination).not.toHaveProperty("theirs");
});

test(
  "X6 relay only: no direct link is tried, and whose policy it is, is told",
  { timeout: TIMEOUT_MS },
  async () => {
    const { ada, ben } = await two();
    await ada.kit.network.setRoute(ada.userId(ben.userName), "relay-only");
    await ben.until(
      "ada's policy",
      () => ben.kit.network.route(ben.userId(ada.userName)).theirs === "relay-only",
    );
    expect(await examine(ada, ben)).toMatchObject({
      own: { policy: "relay-only" },
      theirs: { policy: "automatic" },
      direct: { state: "forbidden" },
      relay: { state: "ok" },
      findings: ["own-policy"],
    });
    expect(await examine(ben, ada)).toMatchObject({
      own: { policy: "automatic" },
      theirs: { policy: "relay-only" },
      direct: { state: "forbidden" },
      relay: { state: "ok" },
      findings: ["peer-policy"],
    });
    expect(ada.link(ben.userName)?.direct).not.toBe("open");
  },
);

test(
  "X1 a firewall between the two: the relay works, and TURN is missed",
  { timeout: TIMEOUT_MS },
  async () => {
    const { ada, ben } = await two();
    ada.peers.cut();
    ben.peers.cut();
    expect(await examine(ada, ben)).toMatchObject({
      theirs: { udp: "ok" },
      direct: { state: "failed" },
      relay: { state: "ok" },
      findings: ["nat-without-turn"],
    });
  },
);

/** `beeline doctor` of a device that is not running otherwise. */
async function beelineDoctor(one: EngineDevice, ...argv: readonly string[]) {
  const account = ["--data", join(folder, one.userName), "--user", one.userName];
  const args = [MAIN, "doctor", ...argv, "--no-lan", "--server", server.address, ...account];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  await once(child, "close");
  return { code: child.exitCode, out, err };
}

test("beeline doctor USER: each layer, and what to do", { timeout: TIMEOUT_MS }, async () => {
  const { ada, ben } = await two();
  await ada.kit.close();
  const well = await beelineDoctor(ada, ben.userName);
  expect(well.err).toBe("");
  expect(well.code).toBe(0);
  const [told, ...rest] = well.out.trimEnd().split("\n").toReversed();
  expect(told).toBe("Nothing is in the way.");
  for (const line of rest) expect(line).toMatch(/^(?:ok {4}|none {2})\S/);
  // A check that comes before the signal with its candidate makes it peer reflexive (RFC 8445 §7.3.1.3).
  expect(well.out).toMatch(/^ok {4}direct link: [\d.]+ ms, host to (?:host|prflx) by udp$/m);
  expect(well.out).toMatch(/^ok {4}relay: [\d.]+ ms$/m);
  expect(well.out).toContain(`ok    UDP, ${ben.userName}: answers`);

  await ben.kit.close();
  const alone = await beelineDoctor(ada, ben.userName, "--json");
  expect(alone.code).toBe(1);
  expect(alone.err).toBe(`beeline: No message reaches ${ben.userName} now.\n`);
  expect(JSON.parse(alone.out)).toMatchObject({
    user: ben.userName,
    examinations: [{ own: { udp: "ok" }, findings: ["peer-offline"] }],
  });
  expect((await beelineDoctor(ada, "nobody")).code).toBe(4);
});

/** Where the host asks nothing itself, as in browsers. */
async function surveyByWebRtc(iceServers: readonly IceServer[]): Promise<NetworkSurvey> {
  const { peers, clock, log } = createNodePorts({ dataFolder: folder });
  if (peers === undefined) throw new Error("no WebRTC here");
  const pong = async (): Promise<Record<string, never>> => ({});
  using surveyor = new Surveyor({
    connection: {
      state: { state: "online", server: testServerInfo("test", 0) },
      request: pong,
    },
    ports: { peers, clock, log },
    iceServers: () => iceServers,
    multicast: () => "none",
  });
  return await surveyor.survey("automatic");
}

test(
  "X2 by WebRTC: STUN behind a NAT is seen, and silence of STUN and TURN as well",
  { timeout: TIMEOUT_MS },
  async () => {
    // The NAT stands where clients look for STUN, and STUN itself beside it.
    const flags = ["--stun-host", "127.0.0.2"];
    const behind = devices.use(await RendezvousProcess.start(join(folder, "behind"), flags));
    const port = Number(new URL(behind.address).port);
    devices.use(await UdpNat.listen("127.0.0.1", port, "127.0.0.2"));
    const stun: IceServer = { urls: [`stun:127.0.0.1:${port}`] };
    expect(await surveyByWebRtc([stun])).toMatchObject({ udp: "ok", turn: "none" });

    // A STUN server that is no TURN server refuses; nobody listens at the other port.
    const turn: IceServer = { urls: [`turn:127.0.0.2:${port}`], username: "u", credential: "c" };
    const nobody: IceServer = { urls: ["stun:127.0.0.1:9"] };
    expect(await surveyByWebRtc([nobody, turn])).toMatchObject({ udp: "blocked", turn: "failed" });
  },
);

test(
  "X1 without the server: what is found here is told at once",
  { timeout: TIMEOUT_MS },
  async () => {
    const { ada, ben } = await two();
    await ada.directOpen(ben.userName);
    await server.stop("SIGTERM");
    await ada.until("the loss", () => ada.kit.connection.state !== "online");
    await ben.until("the loss", () => ben.kit.connection.state !== "online");
    const examination = await examine(ada, ben);
    expect(examination).toMatchObject({
      own: { server: { state: "down" }, udp: "none" },
      theirs: { server: { state: "down" } },
      direct: { state: "ok" },
      relay: { state: "failed" },
    });
    expect(examination.findings[0]).toBe("own-server-down");
    await server.start();
  },
);
