import type { RoutePolicy } from "../../protocol/index.ts";
import type { Examination, Finding, NetworkSurvey } from "../api.ts";
import { CLEARLY_FASTER, SLOW_FLOOR_MS } from "../links/slow-verdict.ts";

/** What an examination saw, before anybody makes sense of it. */
export interface Sight extends Omit<Examination, "userId" | "deviceId" | "findings"> {
  /** The server, or the local network, shows the other device. */
  readonly present: boolean;
  /** What the other end asked for before; its survey knows better. */
  readonly theirPolicy: RoutePolicy;
}

/**
 * What is in the way, from the ground up: the server and the other device, then what people chose,
 * then why there is no direct link, then what is merely not as good as it could be. Each is told only
 * where it keeps something from working, or would as soon as the better way is gone (SPEC X4).
 * @returns never empty: `ok` alone where nothing is
 */
export function findingsOf(sight: Sight): readonly Finding[] {
  const found = [
    ...ofPresence(sight),
    ...ofPolicies(sight),
    ...ofDirect(sight),
    ...ofRelay(sight),
    ...ofSpeed(sight),
    ...ofMulticast(sight),
  ];
  return found.length === 0 ? ["ok"] : found;
}

/** Without one's own server nobody knows who is online: the other device is not blamed. */
function ofPresence(sight: Sight): readonly Finding[] {
  if (!isUp(sight.own)) return ["own-server-down"];
  if (isAway(sight)) return ["peer-offline"];
  // Whoever has answered everything but the questions is just an older program.
  const works = sight.direct.state !== "failed" && sight.relay.state !== "failed";
  return sight.theirs === undefined && !works ? ["peer-silent"] : [];
}

/** A policy is in the way where it forbids the direct link, or the relay that would stand in for it. */
function ofPolicies({ own, theirs, theirPolicy, direct, relay }: Sight): readonly Finding[] {
  const policies = [own.policy, theirs?.policy ?? theirPolicy] as const;
  if (policies.includes("relay-only") && policies.some(forbidsRelay)) return ["policies-exclude"];
  const bites =
    direct.state === "forbidden" || (relay.state === "forbidden" && direct.state !== "ok");
  if (!bites) return [];
  const [isOwn, isTheirs] = policies.map((policy) => policy !== "automatic");
  // What this end did not choose and has not heard of, the other end chose.
  if (isOwn !== true) return ["peer-policy"];
  return isTheirs === true ? ["own-policy", "peer-policy"] : ["own-policy"];
}

function ofDirect(sight: Sight): readonly Finding[] {
  const { own, theirs, theirPolicy, direct } = sight;
  if (direct.state === "ok" || direct.state === "forbidden") return [];
  const without: readonly Finding[] = [
    ...(own.udp === "no-webrtc" ? ["own-no-webrtc" as const] : []),
    ...(theirs?.udp === "no-webrtc" ? ["peer-no-webrtc" as const] : []),
  ];
  if (without.length > 0) return without;
  // On one network neither STUN nor TURN is asked.
  if ([own.policy, theirs?.policy ?? theirPolicy].includes("lan-only")) return [];
  return [...ofUdp(own, theirs), ...ofTurn(sight)];
}

function ofUdp(own: NetworkSurvey, theirs: NetworkSurvey | undefined): readonly Finding[] {
  const isTheirs = theirs?.udp === "blocked";
  if (own.udp !== "blocked") return isTheirs ? ["peer-udp-blocked"] : [];
  return [isTheirs ? "both-udp-blocked" : "own-udp-blocked"];
}

/** TURN carries what STUN cannot open, and what has no UDP, too. */
function ofTurn(sight: Sight): readonly Finding[] {
  const { own, theirs } = sight;
  if (own.turn === "failed" || theirs?.turn === "failed") return ["turn-failed"];
  // An attempt was made only with somebody who is there.
  if (!isUp(own) || !hasAnswered(sight)) return [];
  if (own.turn === "ok" || theirs?.turn === "ok") {
    // Both reach it, and no link came of it: it hands nothing on.
    return theirs === undefined ? [] : ["turn-failed"];
  }
  return ofUdp(own, theirs).length === 0 ? ["nat-without-turn"] : [];
}

/** A relay fails by itself only where both are at the server and the other end is alive. */
function ofRelay(sight: Sight): readonly Finding[] {
  const isExpected = isUp(sight.own) && !isAway(sight) && hasAnswered(sight);
  return sight.relay.state === "failed" && isExpected ? ["relay-failed"] : [];
}

function ofSpeed({ direct, relay }: Sight): readonly Finding[] {
  if (direct.state !== "ok" || relay.state !== "ok") return [];
  const { roundTripMs } = direct;
  const isSlow = roundTripMs >= SLOW_FLOOR_MS && relay.roundTripMs < roundTripMs * CLEARLY_FASTER;
  return isSlow ? ["direct-slow"] : [];
}

/**
 * Announcements serve two devices of one network while there is no server: that matters where the
 * server is away, and to those of whom it shows that they are on one network.
 */
function ofMulticast({ own, theirs, theirPolicy, direct }: Sight): readonly Finding[] {
  const pair = direct.state === "ok" ? direct.pair : undefined;
  const matters =
    !isUp(own) ||
    [own.policy, theirs?.policy ?? theirPolicy].includes("lan-only") ||
    (pair?.local === "host" && pair.remote === "host");
  return matters && (isUnheard(own) || isUnheard(theirs)) ? ["multicast-blocked"] : [];
}

function isUp({ server }: NetworkSurvey): boolean {
  return server.state === "ok";
}

/** It is not at the server: not shown there, or it says so itself over another way. */
function isAway(sight: Sight): boolean {
  if (sight.theirs !== undefined) return !isUp(sight.theirs);
  return !sight.present && !hasAnswered(sight);
}

function hasAnswered({ theirs, direct, relay }: Sight): boolean {
  return theirs !== undefined || direct.state === "ok" || relay.state === "ok";
}

function isUnheard(survey: NetworkSurvey | undefined): boolean {
  return survey?.multicast === "unheard" || survey?.multicast === "failed";
}

function forbidsRelay(policy: RoutePolicy): boolean {
  return policy === "direct-only" || policy === "lan-only";
}
