import type { LinkId } from "../../protocol/index.ts";
import type { LinkPeer } from "../link.ts";
import type { PeerSignal, Timer } from "../ports.ts";
import type { DirectAttempt } from "./direct-attempt.ts";

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
    startedAt: Number.NEGATIVE_INFINITY,
  };
}
