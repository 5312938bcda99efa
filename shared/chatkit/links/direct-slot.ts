import type { LinkId, PeerSignal } from "../../protocol/index.ts";
import type { LinkStatus } from "../api.ts";
import { randomFraction } from "../connection/back-off.ts";
import type { PathReason } from "../delivery/delivery-state.ts";
import { DIRECT_RETRY_MAX_MS, DIRECT_RETRY_MIN_MS, MAX_DIRECT_LINKS } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { Random, Timer } from "../ports.ts";
import type { DirectAttempt } from "./direct-attempt.ts";

/** An attempt older than this will mostly not open (FINDINGS): nobody waits for it any more. */
const WORTH_WAITING_MS = 1_500;

/** A link that was alive is replaced this soon, with jitter. */
const REPLACE_MS = 500;

/** An offer that waits until fewer links are being opened, with the candidates that followed it. */
export interface WaitingOffer {
  readonly linkId: LinkId;
  readonly signals: PeerSignal[];
  readonly arrivedAt: number;
}

/** What is known of the direct way to one device. */
export interface DirectSlot {
  readonly peer: LinkPeer;
  /** Place in the list of wanted devices; undefined where it is not in it. */
  rank: number | undefined;
  /** The present attempt, or the open link. */
  attempt: DirectAttempt | undefined;
  /** An attempt is due as soon as there is room for it. */
  due: boolean;
  offer: WaitingOffer | undefined;
  /** The other side was asked to offer, and has until then. */
  requested:
    | { readonly linkId: LinkId; readonly timer: Timer; readonly startedAt: number }
    | undefined;
  /** Waits for the next attempt. */
  retry: Timer | undefined;
  /** Attempts without a proof of life since the last one that had it. */
  failures: number;
  /** How the last link or attempt ended. */
  last: "none" | "failed" | "lost";
  /** The other side said that a route policy forbids it: nothing is tried until something changes. */
  refused: boolean;
  /** When the last attempt to this device began, monotonic. */
  startedAt: number;
}

export function newSlot(peer: LinkPeer): DirectSlot {
  return {
    peer,
    rank: undefined,
    attempt: undefined,
    due: false,
    offer: undefined,
    requested: undefined,
    retry: undefined,
    failures: 0,
    last: "none",
    refused: false,
    startedAt: Number.NEGATIVE_INFINITY,
  };
}

export interface DirectState {
  readonly state: LinkStatus["direct"];
  readonly openedInMs?: number;
}

export function directState(slot: DirectSlot): DirectState {
  const { attempt } = slot;
  if (attempt?.open === true && attempt.openedInMs !== undefined) {
    return { state: "open", openedInMs: attempt.openedInMs };
  }
  if (attempt ?? slot.offer ?? slot.requested) return { state: "opening" };
  return { state: slot.last === "none" ? "none" : "failed" };
}

/** Is a link being opened of which an answer may be expected soon? */
export function isPending(slot: DirectSlot, now: number): boolean {
  if (slot.last === "failed" || slot.attempt?.open === true) return false;
  const since = slot.attempt?.startedAt ?? slot.offer?.arrivedAt ?? slot.requested?.startedAt;
  return since !== undefined && now - since < WORTH_WAITING_MS;
}

export function whyNotDirect(slot: DirectSlot): PathReason {
  if (slot.refused) return "peer-policy";
  if (slot.last !== "none") return slot.last === "lost" ? "link-lost" : "link-failed";
  return slot.rank !== undefined && slot.rank >= MAX_DIRECT_LINKS ? "link-limit" : "link-opening";
}

/** Nothing is open, under way or waited for. */
export function isIdle(slot: DirectSlot): boolean {
  return (slot.attempt ?? slot.offer ?? slot.requested ?? slot.retry) === undefined;
}

export function rankOf(slot: DirectSlot): number {
  return slot.rank ?? Number.POSITIVE_INFINITY;
}

/** Smaller goes first: an offer has waited on both sides already. */
export function urgency(slot: DirectSlot): number {
  return slot.offer === undefined ? rankOf(slot) : -1;
}

/** Pause before the next attempt, ms: short after a link that was alive, then longer and longer. */
export function retryDelayMs(random: Random, failures: number): number {
  const fraction = randomFraction(random);
  if (failures === 0) return fraction * REPLACE_MS;
  const step = DIRECT_RETRY_MIN_MS * 2 ** Math.min(failures - 1, 20);
  return Math.min(DIRECT_RETRY_MAX_MS, step) * (0.5 + fraction / 2);
}
