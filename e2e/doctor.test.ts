import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Examination } from "../shared/chatkit/chatkit.ts";
import { befriend, EngineDevice } from "./support/engine-device.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";

/** An examination takes 20 s at the most. */
const TIMEOUT_MS = 60_000;

let resources: AsyncDisposableStack;
let folder: string;
let server: RendezvousProcess;
let people = 0;

beforeAll(async () => {
  resources = new AsyncDisposableStack();
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), "beeline-doctor-"))).path;
  server = resources.use(await RendezvousProcess.start(join(folder, "server")));
});

afterAll(() => resources.disposeAsync());

beforeEach(() => {
  people += 1;
});

function device(name: string, options: { readonly webRtc?: boolean } = {}): EngineDevice {
  const userName = `${name}${people}`;
  const dataFolder = join(folder, userName);
  return new EngineDevice({ server: server.address, dataFolder, userName, ...options });
}

/** Two people, each with one device. */
async function two(options: { readonly webRtc?: boolean } = {}) {
  const ada = await device("ada").register();
  const ben = await device("ben", options).register();
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
    await using _ada = ada;
    await using _ben = ben;
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
    await using _ada = ada;
    await using _ben = ben;
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
  await using _ada = ada;
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
    await using _ada = ada;
    await using _ben = ben;
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
    await using _ada = ada;
    await using _ben = ben;
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

test(
  "X1 without the server: what is found here is told at once",
  { timeout: TIMEOUT_MS },
  async () => {
    const { ada, ben } = await two();
    await using _ada = ada;
    await using _ben = ben;
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
