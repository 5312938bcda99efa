/** The ways a message can take (design §1). */
export type Path = "direct" | "relayed" | "stored";

/** Why a message took the path it took: shown to the person who wonders. */
export type PathReason =
  /** direct: a link was open. */
  | "link-open"
  /** relayed: a direct link was being opened and the message did not wait for it. */
  | "link-opening"
  /** relayed: no direct link could be opened; NAT or a firewall is in the way. */
  | "link-failed"
  /** relayed: the direct link stopped answering. */
  | "link-lost"
  /** relayed: one of the two devices has no WebRTC. */
  | "no-webrtc"
  /** relayed: the direct link is open, and slower than the relay. */
  | "link-slow"
  /** relayed: one's own route policy says so. */
  | "own-policy"
  /** relayed: the other person's route policy says so. */
  | "peer-policy"
  /** relayed: more links than the limit permits. */
  | "link-limit"
  /** stored: none of the recipient's devices was online. */
  | "offline"
  /** stored: online by the server's knowledge, but it did not answer by any link. */
  | "unreachable"
  /** stored: in a group with somebody who is no buddy; whether they are there is not told. */
  | "no-buddy";

export type FailureReason =
  | "expired"
  | "not-buddies"
  | "no-devices"
  /** Of a group: this account, or whoever was to get it, is not in it any more. */
  | "not-member"
  | "mailbox-full"
  | "too-large"
  | "refused";

/** Why a queued message still waits, as far as known. */
export type WaitReason =
  | "server-unreachable"
  | "sending"
  /** The conversation's group is being brought in order before anything is sealed in it. */
  | "securing"
  | "mailbox-full"
  | "rate-limited"
  /** One's own route policy forbids the ways that are open. */
  | "own-policy"
  /** The other person's does. */
  | "peer-policy"
  /** The two policies leave no way at all. */
  | "policies-exclude";

/** What the sender sees of a message. Only the fields that are legal in a state exist in it. */
export type DeliveryState =
  /** Received from somebody else: there is nothing to deliver. */
  | { readonly state: "received"; readonly path: Path }
  | { readonly state: "queued"; readonly waiting: WaitReason }
  | { readonly state: "sent"; readonly path: Path; readonly reason: PathReason }
  | {
      readonly state: "delivered";
      readonly path: Path;
      readonly reason: PathReason;
      readonly at: number;
    }
  | {
      readonly state: "read";
      readonly path: Path;
      readonly reason: PathReason;
      readonly at: number;
    }
  | { readonly state: "failed"; readonly reason: FailureReason };

export type DeliveryEvent =
  | { readonly type: "waiting"; readonly reason: WaitReason }
  | { readonly type: "sent"; readonly path: Path; readonly reason: PathReason }
  | { readonly type: "delivered"; readonly at: number; readonly path: Path }
  | { readonly type: "read"; readonly at: number }
  | { readonly type: "failed"; readonly reason: FailureReason };
