import type { Examination, Finding, NetworkSurvey } from "../../shared/chatkit/api.ts";

/** Every finding in plain words: what is in the way, then what to do. */
export const findingTexts: Record<Finding, string> = {
  ok: "Nothing is in the way.",
  "own-server-down":
    "This machine does not reach the server. Is it on a network, and does the server run? See: beeline doctor",
  "peer-offline":
    "They are not connected to the server. What you send waits there, sealed, until they come back.",
  "peer-silent":
    "Their program does not answer. Their machine may be asleep, or the program too old to take part; try again in a minute.",
  "own-policy":
    "Your own route policy for them rules out a way that could be taken. That is in order if you want it; otherwise choose another one in the app.",
  "peer-policy":
    "Their route policy for you rules out a way that could be taken. Ask them whether they want it so.",
  "policies-exclude":
    "Your route policy and theirs leave no way at all: one of you goes by relay alone, the other never. One of you must choose another one.",
  "own-no-webrtc":
    "This program has no WebRTC on this platform, so nothing goes directly. Messages go by relay.",
  "peer-no-webrtc":
    "Their program has no WebRTC, so nothing goes directly. Messages go by relay; the desktop app can do more.",
  "own-udp-blocked":
    "This network lets no UDP out, so no direct link opens. Messages go by relay. Permit UDP in the firewall, or ask whoever runs the server for TURN over TCP.",
  "peer-udp-blocked":
    "Their network lets no UDP out, so no direct link opens. Messages go by relay. They can permit UDP in their firewall, or ask whoever runs the server for TURN over TCP.",
  "both-udp-blocked":
    "Neither network lets UDP out, so no direct link opens. Messages go by relay. TURN over TCP at the server would help.",
  "turn-failed":
    "The TURN server carries nothing. Whoever runs it should check its address, its shared secret, and that its relay ports (49152 to 65535 unless set) are open.",
  "nat-without-turn":
    "The routers or firewalls in between let no direct link through, and the server offers no TURN. Messages go by relay. Ask whoever runs the server for TURN.",
  "relay-failed":
    "The relay of the server does not work between you, although both are connected. Try again in a minute; if it stays so, tell whoever runs the server.",
  "direct-slow":
    "The direct link is slow, so messages go by relay until it is fast again. A busy or weak network does that.",
  "multicast-blocked":
    "Announcements on the local network do not come through (some Wi-Fi keeps its devices apart, some firewalls drop UDP port 5353). That matters only while the server is away.",
};

export interface Line {
  /** `none`: nothing to test. */
  readonly mark: "ok" | "fail" | "none";
  readonly text: string;
}

/** The layers from the ground up, both ends of each. */
export function layerLines(examination: Examination, name: string): readonly Line[] {
  const { own, theirs, direct, relay } = examination;
  const ends: readonly (readonly [string, NetworkSurvey | undefined])[] = [
    ["here", own],
    [name, theirs],
  ];
  return [
    ...ends.map(([end, survey]) => serverLine(end, survey)),
    ...ends.flatMap(([end, survey]) => (survey === undefined ? [] : [iceLine("UDP", end, survey)])),
    ...ends.flatMap(([end, survey]) =>
      survey === undefined ? [] : [iceLine("TURN", end, survey)],
    ),
    ...ends.flatMap(([end, survey]) => (survey === undefined ? [] : [lanLine(end, survey)])),
    ...ends.flatMap(([end, survey]) => (survey === undefined ? [] : policyLines(end, survey))),
    directLine(direct),
    relayLine(relay),
  ];
}

/** Does a message get there at once, one way or another? */
export function works({ direct, relay }: Examination): boolean {
  return direct.state === "ok" || relay.state === "ok";
}

function serverLine(end: string, survey: NetworkSurvey | undefined): Line {
  const layer = `server, ${end}`;
  if (survey === undefined) return { mark: "none", text: `${layer}: no answer to the question` };
  const { server } = survey;
  return server.state === "ok"
    ? { mark: "ok", text: `${layer}: ${ms(server.roundTripMs)}` }
    : { mark: "fail", text: `${layer}: not reached` };
}

const iceTexts = {
  ok: "answers",
  blocked: "no answer by UDP",
  failed: "no answer, or refused",
  none: "not asked: the server offers none",
  "no-webrtc": "no WebRTC here",
} as const;

function iceLine(layer: "UDP" | "TURN", end: string, survey: NetworkSurvey): Line {
  const state = layer === "UDP" ? survey.udp : survey.turn;
  const mark = state === "ok" ? "ok" : state === "none" ? "none" : "fail";
  const isUnknown = state === "none" && survey.server.state === "down";
  const text = isUnknown ? "not asked without the server" : iceTexts[state];
  return { mark, text: `${layer}, ${end}: ${text}` };
}

const lanTexts: Record<NetworkSurvey["multicast"], string> = {
  working: "own announcements are heard",
  starting: "not known yet",
  unheard: "own announcements are not heard",
  failed: "cannot be announced",
  none: "not offered by this program",
};

function lanLine(end: string, { multicast }: NetworkSurvey): Line {
  const isUnknown = multicast === "none" || multicast === "starting";
  const mark = multicast === "working" ? "ok" : isUnknown ? "none" : "fail";
  return { mark, text: `local network, ${end}: ${lanTexts[multicast]}` };
}

function policyLines(end: string, { policy }: NetworkSurvey): readonly Line[] {
  return policy === "automatic" ? [] : [{ mark: "none", text: `route policy, ${end}: ${policy}` }];
}

const wayTexts = {
  failed: "does not work",
  forbidden: "ruled out by a route policy",
  "no-webrtc": "no WebRTC",
} as const;

function directLine(direct: Examination["direct"]): Line {
  if (direct.state !== "ok") return wayLine("direct link", direct.state);
  const { pair, roundTripMs } = direct;
  const by = pair === undefined ? "" : `, ${pair.local} to ${pair.remote} by ${pair.protocol}`;
  return { mark: "ok", text: `direct link: ${ms(roundTripMs)}${by}` };
}

function relayLine(relay: Examination["relay"]): Line {
  return relay.state === "ok"
    ? { mark: "ok", text: `relay: ${ms(relay.roundTripMs)}` }
    : wayLine("relay", relay.state);
}

function wayLine(way: string, state: keyof typeof wayTexts): Line {
  return { mark: state === "forbidden" ? "none" : "fail", text: `${way}: ${wayTexts[state]}` };
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
