import { expect, test } from "vitest";
import type { Examination, Finding, NetworkSurvey } from "../api.ts";
import { findingsOf, type Sight } from "./findings.ts";

const good: NetworkSurvey = {
  server: { state: "ok", roundTripMs: 20 },
  udp: "ok",
  turn: "none",
  multicast: "working",
  policy: "automatic",
};
const down: Partial<NetworkSurvey> = { server: { state: "down" }, udp: "none", turn: "none" };

type Direct = Examination["direct"];
type Relay = Examination["relay"];
const open: Direct = {
  state: "ok",
  roundTripMs: 10,
  pair: { local: "host", remote: "host", protocol: "udp" },
};
const farOpen: Direct = {
  state: "ok",
  roundTripMs: 10,
  pair: { local: "srflx", remote: "srflx", protocol: "udp" },
};
const relayed: Relay = { state: "ok", roundTripMs: 40 };
const failed = { state: "failed" } as const;
const forbidden = { state: "forbidden" } as const;

interface Seen extends Partial<Omit<Sight, "own" | "theirs">> {
  readonly own?: Partial<NetworkSurvey>;
  /** `null`: no report came. */
  readonly theirs?: Partial<NetworkSurvey> | null;
}

function findings({ own, theirs = {}, ...rest }: Seen): readonly Finding[] {
  return findingsOf({
    present: true,
    theirPolicy: "automatic",
    direct: open,
    relay: relayed,
    own: { ...good, ...own },
    ...(theirs === null ? {} : { theirs: { ...good, ...theirs } }),
    ...rest,
  });
}

const silent = { theirs: null, direct: failed, relay: failed } as const;
const turn = { turn: "ok" } as const;
const noTurn = { turn: "failed" } as const;
const noUdp = { udp: "blocked" } as const;
const noWebRtc = { udp: "no-webrtc", turn: "no-webrtc" } as const;
const unheard = { multicast: "unheard" } as const;

test.each<readonly [string, Seen, readonly Finding[]]>([
  ["everything works", {}, ["ok"]],
  ["everything works, and nobody told of it", { theirs: null }, ["ok"]],
  ["STUN is not offered, and the link opened", { own: { udp: "none" } }, ["ok"]],
  ["no WebRTC in the survey, but the link is open", { own: noWebRtc }, ["ok"]],
  ["TURN fails, and nobody needs it", { own: noTurn, theirs: noTurn }, ["ok"]],
  ["UDP is blocked, and TURN carries the link", { own: { ...noUdp, ...turn } }, ["ok"]],

  ["no server here", { own: down, ...silent }, ["own-server-down"]],
  ["no server here, the LAN link open", { own: down, relay: failed }, ["own-server-down"]],
  [
    "no server here and no announcements",
    { own: { ...down, ...unheard }, ...silent },
    ["own-server-down", "multicast-blocked"],
  ],
  ["nobody there", { present: false, ...silent }, ["peer-offline"]],
  [
    "nobody there, and no UDP",
    { present: false, own: noUdp, ...silent },
    ["peer-offline", "own-udp-blocked"],
  ],
  [
    "nobody there, and no WebRTC",
    { present: false, own: noWebRtc, ...silent },
    ["peer-offline", "own-no-webrtc"],
  ],
  [
    "nobody there, and direct only",
    { present: false, ...silent, own: { policy: "direct-only" }, relay: forbidden },
    ["peer-offline", "own-policy"],
  ],
  ["they have lost the server, not the link", { theirs: down, relay: failed }, ["peer-offline"]],
  ["not shown, and answering", { present: false }, ["ok"]],
  ["no sign of life", silent, ["peer-silent"]],
  [
    "no sign of life, and no UDP here",
    { ...silent, own: noUdp },
    ["peer-silent", "own-udp-blocked"],
  ],
  [
    "no report, no direct link",
    { theirs: null, direct: failed },
    ["peer-silent", "nat-without-turn"],
  ],
  [
    "no report, no direct link, TURN here",
    { theirs: null, direct: failed, own: turn },
    ["peer-silent"],
  ],
  ["no report, no relay", { theirs: null, relay: failed }, ["peer-silent", "relay-failed"]],

  ["relay only here", { own: { policy: "relay-only" }, direct: forbidden }, ["own-policy"]],
  ["relay only there", { theirs: { policy: "relay-only" }, direct: forbidden }, ["peer-policy"]],
  [
    "relay only there, told before",
    { theirs: null, theirPolicy: "relay-only", direct: forbidden },
    ["peer-policy"],
  ],
  ["relay only there, and never told", { theirs: null, direct: forbidden }, ["peer-policy"]],
  [
    "relay only at both",
    { own: { policy: "relay-only" }, theirs: { policy: "relay-only" }, direct: forbidden },
    ["own-policy", "peer-policy"],
  ],
  [
    "the two exclude each other",
    {
      own: { policy: "relay-only" },
      theirs: { policy: "direct-only" },
      direct: forbidden,
      relay: forbidden,
    },
    ["policies-exclude"],
  ],
  [
    "and the other way round",
    {
      own: { policy: "lan-only" },
      theirs: { policy: "relay-only" },
      direct: forbidden,
      relay: forbidden,
    },
    ["policies-exclude"],
  ],
  ["direct only, and it works", { own: { policy: "direct-only" }, relay: forbidden }, ["ok"]],
  [
    "direct only here, and it fails",
    { own: { policy: "direct-only" }, direct: failed, relay: forbidden },
    ["own-policy", "nat-without-turn"],
  ],
  [
    "direct only there, and UDP blocked here",
    { own: noUdp, theirs: { policy: "direct-only" }, direct: failed, relay: forbidden },
    ["peer-policy", "own-udp-blocked"],
  ],
  [
    "LAN only, and not on one LAN",
    { own: { policy: "lan-only", ...noUdp }, direct: failed, relay: forbidden },
    ["own-policy"],
  ],
  [
    "LAN only, and no announcements",
    { own: { policy: "lan-only" }, theirs: unheard, direct: failed, relay: forbidden },
    ["own-policy", "multicast-blocked"],
  ],

  ["no WebRTC here", { own: noWebRtc, direct: { state: "no-webrtc" } }, ["own-no-webrtc"]],
  ["no WebRTC there", { theirs: noWebRtc, direct: failed }, ["peer-no-webrtc"]],
  [
    "no WebRTC at both",
    { own: noWebRtc, theirs: noWebRtc, direct: { state: "no-webrtc" } },
    ["own-no-webrtc", "peer-no-webrtc"],
  ],
  ["no UDP here", { own: noUdp, direct: failed }, ["own-udp-blocked"]],
  ["no UDP there", { theirs: noUdp, direct: failed }, ["peer-udp-blocked"]],
  ["no UDP at both", { own: noUdp, theirs: noUdp, direct: failed }, ["both-udp-blocked"]],
  [
    "no UDP here, TURN fails there",
    { own: { ...noUdp, ...turn }, theirs: noTurn, direct: failed },
    ["own-udp-blocked", "turn-failed"],
  ],
  ["NATs in between", { direct: failed }, ["nat-without-turn"]],
  [
    "NATs in between, and neither STUN nor TURN",
    { own: { udp: "none" }, theirs: { udp: "none" }, direct: failed },
    ["nat-without-turn"],
  ],
  [
    "NATs in between, TURN fails here",
    { own: noTurn, theirs: turn, direct: failed },
    ["turn-failed"],
  ],
  [
    "TURN answers both and hands nothing on",
    { own: turn, theirs: turn, direct: failed },
    ["turn-failed"],
  ],

  ["no relay", { relay: failed }, ["relay-failed"]],
  [
    "neither relay nor direct link, but a report",
    { direct: failed, relay: failed },
    ["nat-without-turn", "relay-failed"],
  ],
  ["a slow direct link", { direct: { ...open, roundTripMs: 300 } }, ["direct-slow"]],
  [
    "the relay is no faster",
    { direct: { ...open, roundTripMs: 300 }, relay: { state: "ok", roundTripMs: 150 } },
    ["ok"],
  ],
  [
    "slower, and fast enough",
    { direct: { ...open, roundTripMs: 299 }, relay: { state: "ok", roundTripMs: 1 } },
    ["ok"],
  ],
  ["no announcements on their one network", { own: unheard }, ["multicast-blocked"]],
  ["announcements failed there", { theirs: { multicast: "failed" } }, ["multicast-blocked"]],
  ["no announcements, far from each other", { own: unheard, direct: farOpen }, ["ok"]],
  ["announcements have only begun", { own: { multicast: "starting" } }, ["ok"]],
])("X4 %s", (_, seen, expected) => {
  expect(findings(seen)).toEqual(expected);
});

/** Every combination of the states that there are. */
function* sights(): Generator<Sight> {
  const servers: readonly NetworkSurvey["server"][] = [good.server, { state: "down" }];
  const policies = ["automatic", "direct-only", "lan-only", "relay-only"] as const;
  const surveys: NetworkSurvey[] = [];
  for (const server of servers) {
    for (const udp of ["ok", "blocked", "none", "no-webrtc"] as const) {
      for (const turned of ["ok", "failed", "none"] as const) {
        for (const policy of policies) {
          for (const multicast of ["working", "unheard"] as const) {
            surveys.push({ server, udp, turn: turned, policy, multicast });
          }
        }
      }
    }
  }
  const directs: readonly Direct[] = [open, failed, forbidden, { state: "no-webrtc" }];
  const relays: readonly Relay[] = [relayed, failed, forbidden];
  for (const own of surveys) {
    // Every seventh of the other end's: 7 divides none of the numbers of states, so all are met.
    for (const theirs of [undefined, ...surveys.filter((_, n) => n % 7 === 0)]) {
      for (const direct of directs) {
        for (const relay of relays) {
          for (const present of [true, false]) {
            const sight = { own, direct, relay, present, theirPolicy: "automatic" } as const;
            yield theirs === undefined ? sight : { ...sight, theirs };
          }
        }
      }
    }
  }
}

const order: readonly Finding[] = [
  "own-server-down",
  "peer-offline",
  "peer-silent",
  "policies-exclude",
  "own-policy",
  "peer-policy",
  "own-no-webrtc",
  "peer-no-webrtc",
  "own-udp-blocked",
  "peer-udp-blocked",
  "both-udp-blocked",
  "turn-failed",
  "nat-without-turn",
  "relay-failed",
  "direct-slow",
  "multicast-blocked",
];

test("X4 whatever is seen: something is said, in order, once, and `ok` alone and only where a way works", () => {
  let seen = 0;
  for (const sight of sights()) {
    seen += 1;
    const found = findingsOf(sight);
    const places = found.map((finding) => order.indexOf(finding));
    const isGood = found.length === 1 && found[0] === "ok";
    const isOrdered = places.every((place, n) => place > (places[n - 1] ?? -1));
    const works = sight.direct.state === "ok" || sight.relay.state === "ok";
    if (isGood ? works : isOrdered && found.length > 0) continue;
    expect.fail(`${JSON.stringify(sight)}: ${found.join()}`);
  }
  expect(seen).toBeGreaterThan(50_000);
});
