/** What ChatKit shows of itself: state a host renders, and the events that tell of changes. */
import type {
  ConversationId,
  Device,
  DeviceId,
  ErrorName,
  KeptBody,
  MessageId,
  Profile,
  RosterEntry,
  RoutePolicy,
  ServerInfo,
  Show,
  UserId,
} from "../protocol/index.ts";
import type { CandidatePair, LanState } from "./ports.ts";
import type { DeliveryState } from "./delivery/delivery-state.ts";
import type { Typing } from "./delivery/typing.ts";
import type { Group } from "./groups/groups-api.ts";
import type { Transfer } from "./files/files-api.ts";
import type { ConversationSettings, DeviceTrail } from "./store.ts";

/** The connection to the rendezvous server. */
export type ConnectionState =
  /** Not signed in, or closed. */
  | { readonly state: "idle" }
  | { readonly state: "connecting"; readonly attempt: number }
  | { readonly state: "online"; readonly server: ServerInfo }
  /** Lost; the next attempt is at `retryAt` (ms since the epoch). */
  | { readonly state: "waiting"; readonly attempt: number; readonly retryAt: number }
  /** The server ended the session: the user must sign in again. */
  | { readonly state: "signed-out"; readonly reason: SignedOutReason };

export type SignedOutReason =
  | "by-user"
  | "session-ended"
  | "account-disabled"
  | "replaced"
  | "unsupported-version";

export interface Self {
  readonly profile: Profile;
  readonly deviceId: DeviceId;
  readonly devices: readonly Device[];
  readonly show: Show;
  readonly statusText: string;
}

/** One of the account's own devices. */
export interface OwnDevice {
  readonly deviceId: DeviceId;
  readonly name: string;
  /** This one. */
  readonly current: boolean;
  /** ms since the epoch; absent where the server did not tell. */
  readonly addedAt?: number;
  readonly lastSeen?: number;
  readonly online: boolean;
  /** In the account's signed list. One that is not gets no messages until it signs in anew. */
  readonly vouched: boolean;
}

/** How far one can be sure who a buddy's devices are. */
export interface Safety {
  readonly userId: UserId;
  /** 60 decimal digits; the same at both ends. */
  readonly number: string;
  /** The text of the QR code that the other end scans or compares. */
  readonly code: string;
  /** The number was compared and marked by this account, on this device, and has not changed since. */
  readonly verified: boolean;
  /**
   * The device list changed since the user last acknowledged it. `reset`: nobody in the list before
   * vouched for the change. Absent when there is nothing to tell.
   */
  readonly change?: {
    readonly at: number;
    readonly wasVerified: boolean;
    readonly reset: boolean;
    readonly added: number;
    readonly removed: number;
  };
}

export interface Conversation {
  readonly conversationId: ConversationId;
  /**
   * The other person of a conversation of two; absent in a group. Their roster entry may be gone; then
   * `title` falls back to what was known.
   */
  readonly peer?: UserId;
  readonly title: string;
  readonly unread: number;
  readonly settings: ConversationSettings;
  readonly last?: {
    readonly id: MessageId;
    readonly body: KeptBody;
    /** Absent where it is not known: it came before there were groups. */
    readonly from?: UserId;
    readonly own: boolean;
    readonly sentAt: number;
    /** Present for one's own. */
    readonly delivery?: DeliveryState;
  };
}

export interface Message {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly from: UserId;
  readonly own: boolean;
  /** Sorts messages of a conversation; compares as text. */
  readonly order: string;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly body: KeptBody;
  readonly delivery: DeliveryState;
  /** When its text was changed last, by its writer's clock. */
  readonly editedAt?: number;
  /** When it was pinned, by the clock of whoever did. Absent where it is not pinned. */
  readonly pinnedAt?: number;
  /** One for each person, in the order in which they came. */
  readonly reactions: readonly Reaction[];
}

export interface Reaction {
  readonly userId: UserId;
  readonly emoji: string;
}

/** What is known here of one message. Times in ms since the epoch. */
export interface MessageDetails {
  readonly message: Message;
  readonly from: { readonly userId: UserId; readonly deviceId: DeviceId; readonly name?: string };
  readonly reactions: readonly (Reaction & { readonly at: number })[];
  /**
   * Of a message that this device sent: each recipient device, one's own others included. Empty for
   * others' messages, and for what was sent by another device of one's own.
   */
  readonly devices: readonly DeviceDelivery[];
  /** In a group, of a message that this device sent: everybody else who was in it then. */
  readonly members?: readonly MemberDelivery[];
}

/** How far a message came to one member of a group; on the device of theirs that got furthest. */
export interface MemberDelivery {
  readonly userId: UserId;
  readonly state: DeviceDelivery["state"] | "read";
}

/** What became of a message at one recipient device. */
export interface DeviceDelivery extends DeviceTrail {
  /** Absent where its account's list has it no more. */
  readonly name?: string;
  /** One of this account's own. */
  readonly own: boolean;
  readonly state: "waiting" | "sent" | "stored" | "delivered" | "given-up";
}

/** The state of the way to one buddy's device. */
export interface LinkStatus {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly direct: "none" | "opening" | "open" | "failed";
  readonly relay: "none" | "opening" | "open";
  /** Time from the attempt's start to the open direct link, ms. */
  readonly openedInMs?: number;
  /** Last measured round trip of message and acknowledgement, or of a ping, by the path in use, ms. */
  readonly roundTripMs?: number;
  /** What the open direct link goes by, once the platform has told. */
  readonly pair?: CandidatePair;
  /** Frames over links to this device since this program began, bytes. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** The direct link is open, and left for a relay that is faster. */
  readonly slow: boolean;
  /** It was found on the local network. */
  readonly near: boolean;
}

/** The route policies that hold between this device and a person. */
export interface Route {
  readonly userId: UserId;
  /** This account's own. */
  readonly own: RoutePolicy;
  /** What the person asks for, the strictest of their devices' where those differ. */
  readonly theirs: RoutePolicy;
}

/** What one end finds out about its own network. Times in ms. */
export interface NetworkSurvey {
  readonly server:
    | { readonly state: "ok"; readonly roundTripMs: number }
    | { readonly state: "down" };
  /** Does the server's STUN answer, so that UDP leaves this network? `none`: nothing to ask. */
  readonly udp: "ok" | "blocked" | "none" | "no-webrtc";
  readonly turn: "ok" | "failed" | "none" | "no-webrtc";
  /** Announcements on the local network; `none` where the host cannot make them. */
  readonly multicast: LanState | "none";
  readonly policy: RoutePolicy;
}

/** What is in the way, from the ground up; `ok` where nothing is. */
export type Finding =
  | "ok"
  | "own-server-down"
  | "peer-offline"
  | "peer-silent"
  | "own-policy"
  | "peer-policy"
  | "policies-exclude"
  | "own-no-webrtc"
  | "peer-no-webrtc"
  | "own-udp-blocked"
  | "peer-udp-blocked"
  | "both-udp-blocked"
  | "turn-failed"
  | "nat-without-turn"
  | "relay-failed"
  | "direct-slow"
  | "multicast-blocked";

/** What the connection doctor found between this device and one of a buddy's. */
export interface Examination {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly own: NetworkSurvey;
  /** Absent where the other end did not answer. */
  readonly theirs?: NetworkSurvey;
  readonly direct:
    | { readonly state: "ok"; readonly roundTripMs: number; readonly pair?: CandidatePair }
    | { readonly state: "failed" | "forbidden" | "no-webrtc" };
  readonly relay:
    | { readonly state: "ok"; readonly roundTripMs: number }
    | { readonly state: "failed" | "forbidden" };
  /** Most important first; never empty. */
  readonly findings: readonly Finding[];
}

/** Something the user or the host should know; never thrown, never swallowed. */
export interface Notice {
  readonly kind:
    /** A sealed message could not be opened; it was acknowledged to nobody. */
    | "unreadable-message"
    /** The store failed; the engine goes on and tries again. */
    | "store-failed"
    /** The server or a peer broke the protocol. */
    | "protocol-error"
    /** The own clock differs from the server's by more than 5 minutes. */
    | "clock-differs"
    /** The own account's device list grew by a device, or began anew; `detail` names it. */
    | "own-devices-changed"
    /** The server showed something that only a dishonest or restored one shows; it was not believed. */
    | "server-untrusted"
    /** A handler of the host's threw. */
    | "handler-failed";
  readonly detail: string;
  readonly error?: Error;
}

export interface ChatKitEvents {
  connection: ConnectionState;
  self: Self;
  /** New or changed entry, presence included. */
  roster: RosterEntry;
  /** A group is new, or something about it changed: its members, name, settings, or one's own place. */
  group: Group;
  rosterRemoved: UserId;
  /** The own devices changed, or one of them came or left. */
  devices: readonly OwnDevice[];
  safety: Safety;
  conversation: Conversation;
  /**
   * A new message, in order within its conversation: received, live or from the mailbox, or one's
   * own, queued here or sent by another of one's own devices.
   */
  message: Message;
  /** A known message's delivery changed. */
  messageChanged: Message;
  /** Somebody began to type, or stopped. */
  typing: Typing;
  link: LinkStatus;
  route: Route;
  /** The way of a file changed: at most four times a second for each. */
  transfer: Transfer;
  /** Messages were deleted on this device. */
  messagesRemoved: { readonly conversationId: ConversationId; readonly ids: readonly MessageId[] };
  /** Messages were put into the history from a file: whoever shows it reads it again. */
  historyMerged: { readonly conversationId: ConversationId };
  notice: Notice;
}

/** A call failed at the engine, before or without the server. */
export type ChatKitErrorName =
  | "closed"
  | "not-open"
  | "already-open"
  | "no-such-conversation"
  | "no-such-message"
  /** A group without a name, a picture that is too large or none, or a person named twice. */
  | "invalid-group"
  | "invalid-emoji"
  | "empty-text"
  | "text-too-long"
  /** A name or a media type that no message can hold. */
  | "invalid-file"
  /** The file is not whole here. */
  | "not-complete"
  | "disk-full"
  /** The operating system does not let the file be read or written. */
  | "no-permission"
  /** The file that was to be read is gone, or not the same any more. */
  | "source-gone"
  /** A file is no history or backup of Beeline's, or a newer version's. */
  | "not-a-history"
  | "newer-history"
  /** It is not all there, or was changed. */
  | "damaged-history"
  | "other-account"
  | "wrong-passphrase"
  /** This host keeps no files. */
  | "no-files"
  | "invalid-server"
  | "server-unreachable"
  | "store-failed"
  /** The server's certificate is not the pinned one. */
  | "wrong-certificate";

/**
 * What every call rejects with: `reason` is the engine's own, or a name of the wire's
 * `errorTable` where the server refused.
 */
export class ChatKitError extends Error {
  readonly reason: ChatKitErrorName | ErrorName;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    reason: ChatKitErrorName | ErrorName,
    message: string,
    options: ErrorOptions & { readonly retryable?: boolean; readonly retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.name = "ChatKitError";
    this.reason = reason;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}
