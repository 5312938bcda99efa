import type { ErrorName, MethodName } from "../shared/protocol/index.ts";

/** How a device signs in: with its owner's password, by its own key, or with a new account. */
export type WayIn = "password" | "key" | "register";

/**
 * What became of a datagram at the STUN port: answered; refused with 420; limited, for its source has
 * had its share; ignored, for it is no Binding request.
 */
export type StunOutcome = "answered" | "refused" | "limited" | "ignored";

/** What the core counts. Implementations must be cheap: relay calls come per frame batch. */
export interface Metrics {
  /** Open WebSockets, signed in or not. */
  connections(open: number): void;
  /** Signed-in devices. */
  devicesOnline(online: number): void;
  /** One answered request; `method` is "unknown" where it could not be read. */
  request(method: MethodName | "unknown", outcome: "ok" | ErrorName): void;
  /** Forwarded since the last call, with the channel headers. */
  relayed(frames: number, bytes: number): void;
  relayChannels(open: number): void;
  mailboxStored(envelopes: number): void;
  /** Accounts that one presence change was told to. */
  presenceFanOut(accounts: number): void;
  signIn(way: WayIn, outcome: "ok" | ErrorName): void;
  /** A connection that the server ended, by its close code. */
  closed(code: number): void;
  /** One datagram at the STUN port. */
  stun(outcome: StunOutcome): void;
}

function nothing(): void {}

export const noMetrics: Metrics = {
  connections: nothing,
  devicesOnline: nothing,
  request: nothing,
  relayed: nothing,
  relayChannels: nothing,
  mailboxStored: nothing,
  presenceFanOut: nothing,
  signIn: nothing,
  closed: nothing,
  stun: nothing,
};
