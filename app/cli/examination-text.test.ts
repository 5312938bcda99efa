import { expect, test } from "vitest";
import * as v from "valibot";
import type { Examination, NetworkSurvey } from "../../shared/chatkit/api.ts";
import { DeviceId, UserId } from "../../shared/protocol/index.ts";
import { findingTexts, layerLines, works, type Line } from "./examination-text.ts";

const own: NetworkSurvey = {
  server: { state: "ok", roundTripMs: 12.4 },
  udp: "ok",
  turn: "none",
  multicast: "working",
  policy: "automatic",
};
const good: Examination = {
  userId: v.parse(UserId, "AAAAAAAAAAAAAAAAAAAAAA"),
  deviceId: v.parse(DeviceId, "AQAAAAAAAAAAAAAAAAAAAA"),
  own,
  theirs: { ...own, server: { state: "ok", roundTripMs: 3.21 }, multicast: "none" },
  direct: {
    state: "ok",
    roundTripMs: 0.44,
    pair: { local: "host", remote: "prflx", protocol: "udp" },
  },
  relay: { state: "ok", roundTripMs: 15 },
  findings: ["ok"],
};

function lines(change: Partial<Examination>): readonly string[] {
  const told = layerLines({ ...good, ...change }, "ben");
  return told.map(({ mark, text }: Line) => `${mark} ${text}`);
}

test("what works is told for both ends, from the ground up", () => {
  expect(lines({})).toEqual([
    "ok server, here: 12 ms",
    "ok server, ben: 3.2 ms",
    "ok UDP, here: answers",
    "ok UDP, ben: answers",
    "none TURN, here: not asked: the server offers none",
    "none TURN, ben: not asked: the server offers none",
    "ok local network, here: own announcements are heard",
    "none local network, ben: not offered by this program",
    "ok direct link: 0.4 ms, host to prflx by udp",
    "ok relay: 15 ms",
  ]);
  expect(works(good)).toBe(true);
});

test("what fails is marked; what is ruled out, or not there to test, is no failure", () => {
  const { theirs, ...silent } = good;
  expect(theirs).toBeDefined();
  const poor: NetworkSurvey = {
    server: { state: "down" },
    udp: "blocked",
    turn: "failed",
    multicast: "unheard",
    policy: "direct-only",
  };
  const failing: Examination = {
    ...silent,
    own: poor,
    direct: { state: "failed" },
    relay: { state: "forbidden" },
  };
  expect(layerLines(failing, "ben").map(({ mark, text }) => `${mark} ${text}`)).toEqual([
    "fail server, here: not reached",
    "none server, ben: no answer to the question",
    "fail UDP, here: no answer by UDP",
    "fail TURN, here: no answer, or refused",
    "fail local network, here: own announcements are not heard",
    "none route policy, here: direct-only",
    "fail direct link: does not work",
    "none relay: ruled out by a route policy",
  ]);
  expect(works(failing)).toBe(false);
  expect(works({ ...failing, relay: { state: "ok", roundTripMs: 1 } })).toBe(true);
});

test("without the server, STUN and TURN are not said to be missing there", () => {
  const away: NetworkSurvey = { ...own, server: { state: "down" }, udp: "none" };
  expect(lines({ own: away })).toContain("none UDP, here: not asked without the server");
  expect(lines({ own: away })).toContain("none TURN, here: not asked without the server");
});

test("each finding is said in whole sentences of its own", () => {
  const texts = Object.values(findingTexts);
  expect(new Set(texts).size).toBe(texts.length);
  for (const text of texts) expect(text).toMatch(/^[A-Z].*\.$|: beeline doctor$/);
});
