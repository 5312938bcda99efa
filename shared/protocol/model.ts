import * as v from "valibot";
import { DeviceId, UserId } from "./ids.ts";
import * as limits from "./limits.ts";

/** Text without control characters (Unicode category Cc), trimmed; line breaks do not belong here. */
function line(maxLength: number) {
  return v.pipe(
    v.string(),
    v.trim(),
    v.maxLength(maxLength),
    v.regex(/^\P{Cc}*$/u, "control character"),
  );
}

/**
 * A user name: letters and digits of any script, with `.`, `_` and `-` inside. Compared after NFKC
 * and lower-casing (`canonicalUserName`), so that no two accounts look the same.
 */
export const UserName = v.pipe(
  v.string(),
  v.trim(),
  v.normalize("NFKC"),
  v.minLength(limits.MIN_USER_NAME_LENGTH),
  v.maxLength(limits.MAX_USER_NAME_LENGTH),
  v.regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u, "letters, digits, dot, dash and underscore only"),
);
export type UserName = v.InferOutput<typeof UserName>;

/** The form under which a user name is unique on a server. */
export function canonicalUserName(userName: string): string {
  return userName.trim().normalize("NFKC").toLowerCase();
}

export const DisplayName = v.pipe(line(limits.MAX_DISPLAY_NAME_LENGTH), v.minLength(1));

export const Password = v.pipe(
  v.string(),
  v.minLength(limits.MIN_PASSWORD_LENGTH),
  v.maxLength(limits.MAX_PASSWORD_LENGTH),
);

export const StatusText = line(limits.MAX_STATUS_TEXT_LENGTH);
export const Nickname = line(limits.MAX_NICKNAME_LENGTH);
export const RosterGroup = line(limits.MAX_GROUP_LENGTH);

/** Milliseconds since the Unix epoch, by the clock of whoever says it. */
export const Timestamp = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What a person chooses; `offline` as a choice is "appear offline". */
export const Show = v.picklist(["online", "away", "busy", "offline"]);
export type Show = v.InferOutput<typeof Show>;

/** Standard base64 with padding (RFC 4648 §4). */
export const Base64 = v.pipe(v.string(), v.base64());

/** A device's Ed25519 public key (RFC 8032), 32 bytes. */
export const PublicKey = v.pipe(v.string(), v.base64(), v.length(44));

export const ClientInfo = v.object({
  /** Program, e.g. `beeline-desktop`, `beeline-cli`. */
  name: v.pipe(line(64), v.minLength(1)),
  version: v.pipe(line(32), v.minLength(1)),
});
export type ClientInfo = v.InferOutput<typeof ClientInfo>;

/** A device as its owner and their buddies know it. */
export const Device = v.object({
  deviceId: DeviceId,
  name: v.string(),
  /** Its identity; `deviceId` is made of it (SPEC I). */
  publicKey: PublicKey,
});
export type Device = v.InferOutput<typeof Device>;

/** A device as its owner alone sees it. */
export const OwnDeviceRow = v.object({
  ...Device.entries,
  addedAt: Timestamp,
  /** Its last sign-in, not exact to the hour. */
  lastSeen: Timestamp,
});
export type OwnDeviceRow = v.InferOutput<typeof OwnDeviceRow>;

/** An IP address as text; a port of 0 means that it is not known. */
export const TransportAddress = v.object({
  address: v.pipe(
    v.string(),
    v.union([v.pipe(v.string(), v.ipv4()), v.pipe(v.string(), v.ipv6())]),
  ),
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535)),
});
export type TransportAddress = v.InferOutput<typeof TransportAddress>;

/** Where an online device is. Told to its owner's online buddies and other devices, nobody else. */
export const Endpoint = v.object({
  deviceId: DeviceId,
  /** As seen by the server: after NAT. */
  observed: TransportAddress,
  /** The device's own addresses, as far as its platform tells it. */
  local: v.array(TransportAddress),
  client: ClientInfo,
});
export type Endpoint = v.InferOutput<typeof Endpoint>;

/** A person's presence: the choice they made, or `offline` with none of their devices connected. */
export const Presence = v.object({
  show: Show,
  statusText: v.string(),
  /** Online devices only; empty for those who appear offline. */
  endpoints: v.array(Endpoint),
  /** When the last device left. Absent while online, and where it was never seen. */
  lastSeen: v.exactOptional(Timestamp),
});
export type Presence = v.InferOutput<typeof Presence>;

export const Profile = v.object({
  userId: UserId,
  userName: v.string(),
  displayName: v.string(),
});
export type Profile = v.InferOutput<typeof Profile>;

/**
 * `requested`: you asked and wait. `pending`: they asked and wait for you. `buddies`: both agreed.
 * `blocked`: you blocked them; they are not told.
 */
export const RosterState = v.picklist(["requested", "pending", "buddies", "blocked"]);
export type RosterState = v.InferOutput<typeof RosterState>;

/**
 * Which ways messages to a person may take. `direct-only`: no relay and no mailbox. `lan-only`: direct,
 * and between private addresses (RFC 1918, RFC 4193, link-local) alone. `relay-only`: never direct,
 * so that neither end learns the other's addresses.
 */
export const RoutePolicy = v.picklist(["automatic", "direct-only", "lan-only", "relay-only"]);
export type RoutePolicy = v.InferOutput<typeof RoutePolicy>;

/** Statements in an account's device list. */
export const DeviceLogLength = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const RosterEntry = v.object({
  profile: Profile,
  state: RosterState,
  /** Your own name for them and where you file them; empty where you gave none. */
  nickname: v.string(),
  group: v.string(),
  /** All devices, online or not: a message is sealed for each. Empty unless `buddies`. */
  devices: v.array(Device),
  /** Statements in their device list; `devices.log` reads them. 0 for strangers to their list. */
  logLength: DeviceLogLength,
  /** `offline` without endpoints unless `buddies`. */
  presence: Presence,
  /** They are told the endpoints of your devices without addresses. Absent: false. */
  hideAddresses: v.exactOptional(v.boolean()),
});
export type RosterEntry = v.InferOutput<typeof RosterEntry>;

export const RegistrationPolicy = v.picklist(["open", "invite", "closed"]);
export type RegistrationPolicy = v.InferOutput<typeof RegistrationPolicy>;

export const ServerInfo = v.object({
  name: v.string(),
  version: v.string(),
  protocol: v.object({ major: v.number(), minor: v.number() }),
  registration: RegistrationPolicy,
  limits: v.object({
    textLength: v.number(),
    envelopeBytes: v.number(),
    devicesPerAccount: v.number(),
    rosterEntries: v.number(),
    mailboxBytes: v.number(),
    mailboxEnvelopes: v.number(),
    mailboxMaxAgeMs: v.number(),
  }),
  /** The server's clock, so that a client can tell its user that theirs is wrong. */
  now: Timestamp,
});
export type ServerInfo = v.InferOutput<typeof ServerInfo>;
