import type { Envelope, MessageContent } from "../../protocol/index.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { Path } from "./delivery-state.ts";

/** How an envelope came; the sender as the link or the server vouches for it. */
export interface Arrival {
  readonly bytes: Uint8Array;
  readonly from: LinkPeer;
  /** Absent for the mailbox. */
  readonly link: Link | undefined;
  /** Told once it is settled; for the mailbox. */
  readonly settle: ((fate: Fate) => void) | undefined;
}

/**
 * `done`: durable, or of no use: the mailbox can drop it. `unknown-sender`: the roster may come to
 * know them later. `behind`: the conversation's group must catch up first. `failed`: our store failed.
 */
export type Fate = "done" | "unknown-sender" | "behind" | "failed";

/** An envelope that names this device and the sender's, and is not opened yet. */
export interface Letter {
  readonly envelope: Envelope;
  readonly arrival: Arrival;
}

/** A message that was opened, and is what it claims to be. */
export interface Incoming extends Letter {
  readonly content: MessageContent;
  readonly path: Path;
  /** It is in the store already, and was sent again under a new sequence. */
  readonly isKnown: boolean;
}

/**
 * What is known of a message by its id: nothing, or that it is in the store already. `moved`: in the
 * store, and its sequence is new. `foreign`: the id is that of another device's message.
 */
export type Standing = "new" | "known" | "moved" | "foreign";

export function pathOf(link: Link | undefined): Path {
  if (link === undefined) return "stored";
  return link.kind === "direct" ? "direct" : "relayed";
}
