import { expect, test } from "vitest";
import { ProtocolError } from "../../protocol/index.ts";
import type { ConnectionState } from "../api.ts";
import { SURVEY_KEPT_MS, SURVEY_MS } from "../limits.ts";
import type { IceServer, LanState, PeerHandlers, PeerOptions, StunProbe } from "../ports.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { testServerInfo } from "../testing/test-server-info.ts";
import { Surveyor } from "./survey.ts";

const STUN: IceServer = { urls: ["stun:test.example:3478"] };
const STUN6: IceServer = { urls: ["stun:[2001:db8::1]:3478"] };
const TURN: IceServer = { urls: ["turn:turn.example"], username: "u", credential: "c" };
const HOST = "candidate:1 1 udp 2122 192.0.2.7 40000 typ host";
const HIDDEN = "candidate:1 1 udp 2122 5ad1014b-9a29-43f1-a8f6.local 40000 typ host";
const TCP = "candidate:1 1 tcp 1518 192.0.2.7 40000 typ host tcptype passive";
const SRFLX = "candidate:2 1 udp 1677 203.0.113.9 4242 typ srflx raddr 0.0.0.0 rport 0";
const RELAY = "candidate:3 1 udp 41 203.0.113.10 5252 typ relay raddr 0.0.0.0 rport 0";

/** What WebRTC says, and after how many ms. `all`: no more candidates. */
type Script = readonly (readonly [at: number, what: string | Error])[];

function setUp(
  options: {
    readonly ice?: readonly IceServer[];
    readonly script?: Script | null;
    readonly probe?: boolean | Promise<boolean>;
    readonly ping?: () => Promise<Record<string, never>>;
    readonly lan?: LanState;
  } = {},
) {
  const { ice = [STUN], script = [], probe } = options;
  const lan: { state: LanState | "none" } = { state: options.lan ?? "none" };
  const clock = new FakeClock();
  const made: PeerOptions[] = [];
  const probed: string[] = [];
  const seen = { closed: 0, pings: 0 };
  const online: ConnectionState = { state: "online", server: testServerInfo("test", 0) };
  const connection: { state: ConnectionState; request: () => Promise<Record<string, never>> } = {
    state: online,
    request: async () => {
      seen.pings += 1;
      return (await options.ping?.()) ?? {};
    },
  };
  const peers = {
    create(peerOptions: PeerOptions, handlers: PeerHandlers) {
      made.push(peerOptions);
      for (const [at, what] of script ?? []) {
        clock.setTimer(() => {
          if (what === "all") handlers.onGathered?.();
          else if (what instanceof Error) handlers.onClose(what);
          else {
            const line = { candidate: what, sdpMid: "0", sdpMLineIndex: 0 };
            handlers.onSignal({ type: "candidate", ...line });
          }
        }, at);
      }
      return {
        bufferedAmount: 0,
        selectedPair: async () => undefined,
        signal: () => {},
        send: () => {},
        close: () => {
          seen.closed += 1;
        },
      };
    },
  };
  const stun: StunProbe = {
    answers: async (host, port) => {
      probed.push(`${host} ${port}`);
      return await (probe ?? false);
    },
  };
  const surveyor = new Surveyor({
    connection,
    ports: {
      clock,
      log: new MemoryLog(),
      ...(script === null ? {} : { peers }),
      ...(probe === undefined ? {} : { stun }),
    },
    iceServers: () => ice,
    multicast: () => lan.state,
  });
  const survey = async (ms = SURVEY_MS) => {
    const surveyed = surveyor.survey("automatic");
    await clock.advance(ms);
    return await surveyed;
  };
  return { clock, connection, lan, made, probed, seen, survey, surveyor };
}

test.each<readonly [string, Script, "ok" | "blocked" | "no-webrtc"]>([
  [
    "STUN shows an address behind a NAT",
    [
      [5, HIDDEN],
      [20, SRFLX],
    ],
    "ok",
  ],
  [
    "STUN shows what is known: nothing more, and that early",
    [
      [5, HOST],
      [20, "all"],
    ],
    "ok",
  ],
  ["nobody answers", [[5, HOST]], "blocked"],
  ["nobody answers, and the own address is hidden", [[5, HIDDEN]], "blocked"],
  [
    "nobody could be asked, and the own address is hidden",
    [
      [5, HIDDEN],
      [9, "all"],
    ],
    "blocked",
  ],
  [
    "no UDP at all",
    [
      [5, TCP],
      [9, "all"],
    ],
    "blocked",
  ],
  [
    "an answer that is too late",
    [
      [5, HOST],
      [SURVEY_MS + 1, SRFLX],
    ],
    "blocked",
  ],
  ["WebRTC does not work here", [[0, new Error("no WebRTC")]], "no-webrtc"],
])("X2 by WebRTC: %s", async (_, script, udp) => {
  const { survey, seen, made, clock } = setUp({ script });
  expect(await survey()).toMatchObject({ udp });
  expect(made).toEqual([{ initiator: true, iceServers: [STUN] }]);
  expect(seen.closed).toBe(1);
  await clock.advance(SURVEY_MS);
  expect(clock.pendingTimers).toBe(0);
});

test("X2 where the host asks STUN itself, WebRTC is not bothered", async () => {
  const { survey, made, probed } = setUp({ ice: [STUN, STUN6], probe: true });
  expect(await survey(0)).toMatchObject({ udp: "ok", turn: "none" });
  expect(probed).toEqual(["test.example 3478", "2001:db8::1 3478"]);
  expect(made).toEqual([]);
  expect(await setUp({ probe: false }).survey(0)).toMatchObject({ udp: "blocked" });
  const never = setUp({ probe: new Promise<boolean>(() => {}) });
  expect(await never.survey()).toMatchObject({ udp: "blocked" });
});

test.each<readonly [string, Script, "ok" | "failed"]>([
  ["it gives an address", [[30, RELAY]], "ok"],
  [
    "it refuses",
    [
      [5, HOST],
      [30, "all"],
    ],
    "failed",
  ],
  ["it is silent", [[5, HOST]], "failed"],
])("X2 TURN: %s", async (_, script, turn) => {
  const { survey, made } = setUp({ ice: [STUN, TURN], probe: true, script });
  expect(await survey()).toMatchObject({ udp: "ok", turn });
  // Where STUN is asked already, only TURN is.
  expect(made).toEqual([{ initiator: true, iceServers: [TURN] }]);
});

test("X2 both by WebRTC: it is waited for both", async () => {
  const script: Script = [
    [5, HIDDEN],
    [10, SRFLX],
    [900, RELAY],
  ];
  const { survey } = setUp({ ice: [STUN, TURN], script });
  expect(await survey(900)).toMatchObject({ udp: "ok", turn: "ok" });
});

test("X2 nothing is offered, and nothing is asked", async () => {
  const { survey, made } = setUp({ ice: [] });
  expect(await survey(0)).toMatchObject({ udp: "none", turn: "none" });
  expect(made).toEqual([]);
});

test("X2 a host without WebRTC says so, and the rest is told", async () => {
  const { survey, probed } = setUp({
    ice: [STUN, TURN],
    script: null,
    probe: true,
    lan: "unheard",
  });
  expect(await survey(0)).toEqual({
    server: { state: "ok", roundTripMs: 0 },
    udp: "no-webrtc",
    turn: "no-webrtc",
    multicast: "unheard",
    policy: "automatic",
  });
  expect(probed).toEqual([]);
});

test("X2 a server that is not there, refuses or does not answer is down; then nothing else is known", async () => {
  const away = setUp({ script: [[1, SRFLX]] });
  away.connection.state = { state: "waiting", attempt: 1, retryAt: 0 };
  expect(await away.survey(0)).toMatchObject({ server: { state: "down" }, udp: "none" });
  expect(away.seen.pings).toBe(0);
  expect(away.made).toEqual([]);
  const refuses = setUp({
    ping: () => Promise.reject(new ProtocolError("unavailable", "busy")),
  });
  expect(await refuses.survey()).toMatchObject({ server: { state: "down" }, udp: "none" });
  const silent = setUp({ ping: () => new Promise(() => {}), script: [[1, SRFLX]] });
  expect(await silent.survey()).toMatchObject({ server: { state: "down" }, turn: "none" });
});

test("X2 announcements that have only begun are waited for, a while", async () => {
  const heard = setUp({ ice: [], lan: "starting" });
  const surveyed = heard.surveyor.survey("automatic");
  await heard.clock.advance(600);
  heard.lan.state = "working";
  await heard.clock.advance(250);
  expect(await surveyed).toMatchObject({ multicast: "working" });
  const unclear = setUp({ ice: [], lan: "starting" });
  expect(await unclear.survey()).toMatchObject({ multicast: "starting" });
  expect(unclear.clock.pendingTimers).toBe(0);
});

test("X3 who asks while a survey is made, or soon after, gets that one", async () => {
  const { clock, made, seen, surveyor } = setUp({ script: [[50, SRFLX]] });
  const first = surveyor.survey("automatic");
  const second = surveyor.survey("relay-only");
  await clock.advance(50);
  expect(await first).toMatchObject({ udp: "ok", policy: "automatic" });
  expect(await second).toMatchObject({ udp: "ok", policy: "relay-only" });
  await clock.advance(SURVEY_KEPT_MS - 1);
  expect(await surveyor.survey("automatic")).toEqual(await first);
  expect([made.length, seen.pings]).toEqual([1, 1]);
  await clock.advance(1);
  void surveyor.survey("automatic");
  await clock.advance(50);
  expect([made.length, seen.pings]).toEqual([2, 2]);
});

test("closing ends what waits, and releases the connection that was made for it", async () => {
  const { clock, seen, surveyor } = setUp({ script: [[5, HOST]] });
  const surveyed = surveyor.survey("automatic");
  await clock.advance(10);
  surveyor.close();
  expect(await surveyed).toMatchObject({ udp: "blocked" });
  expect(seen.closed).toBe(1);
  expect(clock.pendingTimers).toBe(0);
});
