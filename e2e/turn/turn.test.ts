/** Run by `npm run test:turn` where coturn is installed; not among the tests of every machine. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import wrtc from "wrtc";
import type { IceServers } from "../../shared/protocol/index.ts";
import { TestClient } from "../../rendezvous/testing/test-client.ts";
import { befriend, EngineDevice } from "../support/engine-device.ts";
import { administer, RendezvousProcess } from "../support/rendezvous-process.ts";
import { Coturn } from "./coturn.ts";

const SECRET = "north-by-northwest";

let folder: string;
let coturn: Coturn;
let server: RendezvousProcess;
let flags: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-turn-"));
  coturn = await Coturn.start(folder, SECRET);
  const secretFile = join(folder, "secret");
  await writeFile(secretFile, `${SECRET}\n`, { mode: 0o600 });
  const uris = `${coturn.uri("udp")},${coturn.uri("tcp")}`;
  flags = ["--turn-uris", uris, "--turn-secret-file", secretFile];
  server = await RendezvousProcess.start(join(folder, "server"), flags);
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await coturn[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

type Turn = NonNullable<IceServers["turn"]>;

/** What a new account is handed out. */
async function turnOf(userName: string): Promise<Turn> {
  await using client = await TestClient.register(Number(new URL(server.address).port), userName);
  const { turn } = await client.request("ice.servers", {});
  if (turn === undefined) throw new Error("no TURN");
  return turn;
}

/** A connection that knows no way but that one. */
class RelayedPeer implements Disposable {
  readonly connection: RTCPeerConnection;
  readonly candidates: RTCIceCandidate[] = [];
  readonly gathered: Promise<void>;

  constructor({ username, credential }: Turn, urls: string) {
    this.connection = new wrtc.RTCPeerConnection({
      iceTransportPolicy: "relay",
      iceServers: [{ urls, username, credential }],
    });
    this.gathered = new Promise((resolve) => {
      this.connection.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate === null) resolve();
        else this.candidates.push(candidate);
      });
    });
  }

  async offer(): Promise<RTCSessionDescriptionInit> {
    const offer = await this.connection.createOffer();
    await this.connection.setLocalDescription(offer);
    return offer;
  }

  async answer(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit> {
    await this.connection.setRemoteDescription(offer);
    const answer = await this.connection.createAnswer();
    await this.connection.setLocalDescription(answer);
    return answer;
  }

  async take(candidates: readonly RTCIceCandidate[]): Promise<void> {
    for (const candidate of candidates) await this.connection.addIceCandidate(candidate);
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}

describe.each(["udp", "tcp"] as const)("over %s", (transport) => {
  test("N5 two peers that may only be relayed connect with what they are handed out", async () => {
    using ada = new RelayedPeer(await turnOf(`ada-${transport}`), coturn.uri(transport));
    using ben = new RelayedPeer(await turnOf(`ben-${transport}`), coturn.uri(transport));
    const channel = ada.connection.createDataChannel("talk");
    const heard = new Promise((resolve) => {
      ben.connection.addEventListener("datachannel", (event) => {
        event.channel.addEventListener("message", ({ data }) => resolve(data));
      });
    });
    const answer = await ben.answer(await ada.offer());
    await ada.connection.setRemoteDescription(answer);
    await Promise.all([ada.gathered, ben.gathered]);
    await Promise.all([ada.take(ben.candidates), ben.take(ada.candidates)]);
    await vi.waitUntil(() => channel.readyState === "open", { timeout: 15_000 });
    channel.send("by the long way");
    expect(await heard).toBe("by the long way");
    for (const { candidates } of [ada, ben]) {
      expect(candidates.length).toBeGreaterThan(0);
      expect(candidates.every(({ candidate }) => candidate.includes(" typ relay"))).toBe(true);
    }
  });

  test("N5 nobody makes credentials without the secret, or longer ones of theirs", async () => {
    const turn = await turnOf(`eve-${transport}`);
    const [ends, who] = turn.username.split(":");
    const longer = { ...turn, username: `${Number(ends) + 86_400}:${who}` };
    const past = { ...turn, username: `1:${who}` };
    for (const forged of [longer, past, { ...turn, credential: "AAAA" }]) {
      using eve = new RelayedPeer(forged, coturn.uri(transport));
      eve.connection.createDataChannel("talk");
      await eve.offer();
      await eve.gathered;
      expect(eve.candidates).toEqual([]);
    }
  });
});

test("N5 where only TURN leads anywhere, the engine's direct link goes by it", async () => {
  const device = (userName: string): EngineDevice => {
    const dataFolder = join(folder, userName);
    return new EngineDevice({ server: server.address, dataFolder, userName });
  };
  await using ada = await device("ada").register();
  await using ben = await device("ben").register();
  ada.recorded.tellsOnly = ben.recorded.tellsOnly = "relay";
  await befriend(ada, ben);
  await ada.directOpen("ben");
  await ben.directOpen("ada");
  await ada.send("ben", "hello");
  await ben.until("the message", () => ben.received.includes("hello"));
  expect((await ada.sent("ben"))[0]?.delivery).toMatchObject({ path: "direct" });
  expect(ada.recorded.candidates("relay").length).toBeGreaterThan(0);
});

test("the doctor sees that it answers, by UDP and by TCP", async () => {
  const said = await administer(join(folder, "server"), ["doctor", "--port", "0", ...flags]);
  expect(said).toContain(`ok    TURN: ${coturn.uri("udp")} answers.`);
  expect(said).toContain(`ok    TURN: ${coturn.uri("tcp")} answers.`);
});
