import * as v from "valibot";
import {
  CommitBytes,
  Epoch,
  GroupInfoBytes,
  GroupSummary,
  GroupView,
  KeyPackageBytes,
  WelcomeFor,
} from "./groups.ts";
import { IceServers } from "./ice.ts";
import { ConversationId, DeviceId, MessageId, UserId } from "./ids.ts";
import * as limits from "./limits.ts";
import {
  GroupAboutBytes,
  GroupLinkProof,
  MailboxPost,
  MembershipLength,
  MembershipStatementBytes,
  MembershipView,
} from "./membership.ts";
import {
  Base64,
  ClientInfo,
  DeviceLogLength,
  DisplayName,
  Nickname,
  OwnDeviceRow,
  Profile,
  PublicKey,
  RosterEntry,
  RosterGroup,
  ServerInfo,
  Show,
  StatusText,
  Timestamp,
  TransportAddress,
  UserName,
} from "./model.ts";
import { Challenge, DeviceStatementBytes, OpaqueMessage, Signature } from "./sign-in.ts";
import { OutgoingSignal } from "./signal.ts";

const DeviceName = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(limits.MAX_DEVICE_NAME_LENGTH),
);

/** What a client tells of itself when it signs in. Its id is made of its key (SPEC I). */
export const DeviceHello = v.object({
  /** Of a new device; later on its owner renames it. */
  name: DeviceName,
  publicKey: PublicKey,
  /** Over `deviceProofMessage` of the challenge that this connection was given last. */
  proof: Signature,
  client: ClientInfo,
  local: v.pipe(v.array(TransportAddress), v.maxLength(limits.MAX_ENDPOINT_ADDRESSES)),
});
export type DeviceHello = v.InferOutput<typeof DeviceHello>;

/** The answer to a sign-in: everything a client needs to show its first screen. */
export const SignedIn = v.object({
  profile: Profile,
  deviceId: DeviceId,
  /** This account's devices, this one included. */
  devices: v.array(OwnDeviceRow),
  /** Statements in this account's own device list. */
  logLength: DeviceLogLength,
  /** The person's own choice. */
  show: Show,
  statusText: v.string(),
  roster: v.array(RosterEntry),
  /** Envelopes that wait in this device's mailbox. */
  mailboxCount: v.number(),
  server: ServerInfo,
  /** For the first links; `ice.servers` renews it. Absent where the server is older. */
  ice: v.exactOptional(IceServers),
});
export type SignedIn = v.InferOutput<typeof SignedIn>;

/** A sealed envelope on its way into a device's mailbox. */
export const MailboxPut = v.object({
  id: MessageId,
  to: DeviceId,
  envelope: v.pipe(
    Base64,
    v.minLength(4),
    v.maxLength(Math.ceil(limits.MAX_ENVELOPE_BYTES / 3) * 4),
  ),
});
export type MailboxPut = v.InferOutput<typeof MailboxPut>;

/** A sealed envelope as the mailbox hands it out. */
export const MailboxItem = v.object({
  /** Position in this device's mailbox; acknowledge and page by it. Only ever grows. */
  position: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  id: MessageId,
  /** Stamped by the server. */
  from: v.object({ userId: UserId, deviceId: DeviceId }),
  storedAt: Timestamp,
  envelope: Base64,
});
export type MailboxItem = v.InferOutput<typeof MailboxItem>;

/** What became of one envelope of a `mailbox.put`, in the order of the request. */
export const PutOutcome = v.variant("outcome", [
  /** On disk (fsync done), or already there. */
  v.object({ outcome: v.literal("stored") }),
  /** `error` is a code of `errorTable`: no-such-device, not-buddies, mailbox-full, too-large. */
  v.object({ outcome: v.literal("refused"), error: v.pipe(v.number(), v.integer()) }),
]);
export type PutOutcome = v.InferOutput<typeof PutOutcome>;

const Nothing = v.object({});
const ByUser = v.object({ userId: UserId });
const Channel = v.object({
  channel: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffff)),
});

/**
 * Every request that a client may make: its parameters, its result, and whether it needs a
 * signed-in connection. The table is the contract; the server's dispatcher and the client's
 * caller are both typed by it.
 */
export const methods = {
  "server.info": { signedIn: false, params: Nothing, result: ServerInfo },

  /**
   * The first half of OPAQUE registration (RFC 9807 §5). `challenge` is what the device signs in
   * `device.proof`. user-name-taken, registration-closed, invite-*, rate-limited.
   */
  "account.registerStart": {
    signedIn: false,
    params: v.object({
      userName: UserName,
      request: OpaqueMessage,
      invite: v.exactOptional(v.pipe(v.string(), v.maxLength(128))),
    }),
    result: v.object({ userId: UserId, response: OpaqueMessage, challenge: Challenge }),
  },
  /**
   * The second half, on the same connection: creates the account with its first device and signs
   * in. `statement` is the genesis of the account's device list. user-name-taken,
   * registration-closed, invite-*, wrong-device-key, device-list-conflict, invalid-request (no
   * first half).
   */
  "account.registerFinish": {
    signedIn: false,
    params: v.object({
      displayName: v.exactOptional(DisplayName),
      record: OpaqueMessage,
      device: DeviceHello,
      statement: DeviceStatementBytes,
    }),
    result: SignedIn,
  },
  /**
   * The first half of OPAQUE login (RFC 9807 §6). An unknown user gets an answer like anybody's.
   * rate-limited.
   */
  "session.signInStart": {
    signedIn: false,
    params: v.object({ userName: UserName, request: OpaqueMessage }),
    result: v.object({ response: OpaqueMessage, challenge: Challenge }),
  },
  /**
   * The second half, on the same connection. wrong-credential (also for an unknown user),
   * account-disabled, too-many-devices, wrong-device-key, invalid-request (no first half).
   */
  "session.signInFinish": {
    signedIn: false,
    params: v.object({ finish: OpaqueMessage, device: DeviceHello }),
    result: SignedIn,
  },
  /** What a known device signs to come back; good once, on this connection. */
  "session.challenge": {
    signedIn: false,
    params: Nothing,
    result: v.object({ challenge: Challenge }),
  },
  /** Takes up a device's session after a lost connection, by its key. session-ended, wrong-device-key. */
  "session.prove": {
    signedIn: false,
    params: v.object({ device: DeviceHello }),
    result: SignedIn,
  },

  /** Ends the session for good; with `forgetDevice`, removes the device and its mailbox too. */
  "session.signOut": {
    signedIn: true,
    params: v.object({ forgetDevice: v.boolean() }),
    result: Nothing,
  },
  /** Proof of life on an idle connection. */
  "session.ping": { signedIn: true, params: Nothing, result: Nothing },
  /** Login with the present password and registration of the next, in one. rate-limited. */
  "account.passwordStart": {
    signedIn: true,
    params: v.object({ request: OpaqueMessage, nextRequest: OpaqueMessage }),
    result: v.object({ response: OpaqueMessage, nextResponse: OpaqueMessage }),
  },
  /** `statement` names the next password's key. wrong-credential, device-list-conflict. */
  "account.passwordFinish": {
    signedIn: true,
    params: v.object({
      finish: OpaqueMessage,
      record: OpaqueMessage,
      statement: DeviceStatementBytes,
    }),
    result: Nothing,
  },
  "account.setProfile": {
    signedIn: true,
    params: v.object({ displayName: DisplayName }),
    result: Profile,
  },
  /** Removes another device of this account: its session ends, its mailbox goes. */
  "device.remove": { signedIn: true, params: v.object({ deviceId: DeviceId }), result: Nothing },
  "device.rename": {
    signedIn: true,
    params: v.object({ deviceId: DeviceId, name: DeviceName }),
    result: Nothing,
  },
  /** Continues this account's device list. device-list-conflict. */
  "devices.append": {
    signedIn: true,
    params: v.object({
      statements: v.pipe(
        v.array(DeviceStatementBytes),
        v.minLength(1),
        v.maxLength(limits.DEVICE_LOG_PAGE),
      ),
    }),
    result: Nothing,
  },
  /**
   * Device lists of buddies, of those who have asked, of people in one's groups, and of one's own
   * account, each from
   * a statement's index on, in pages: shorter ones where many are asked about. `length` is the
   * log's. Accounts that one may not ask about are left out.
   */
  "devices.log": {
    signedIn: true,
    params: v.object({
      of: v.pipe(
        v.array(v.object({ userId: UserId, after: DeviceLogLength })),
        v.minLength(1),
        v.maxLength(limits.DEVICE_LOGS_AT_ONCE),
      ),
    }),
    result: v.object({
      logs: v.array(
        v.object({
          userId: UserId,
          statements: v.array(DeviceStatementBytes),
          length: DeviceLogLength,
        }),
      ),
    }),
  },

  /**
   * Key packages of this device (RFC 9420 §10): single-use ones to add to those kept, and the one of
   * last resort to replace. The answer tells how many single-use ones are kept.
   */
  "keyPackages.publish": {
    signedIn: true,
    params: v.object({
      packages: v.pipe(v.array(KeyPackageBytes), v.maxLength(limits.KEY_PACKAGE_BATCH)),
      lastResort: v.exactOptional(KeyPackageBytes),
    }),
    result: v.object({ kept: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  },
  /**
   * A key package of each device, of buddies, people in one's groups, or one's own: a single-use one, which is then gone, else
   * the one of last resort. Devices without any, or not permitted, are left out. rate-limited.
   */
  "keyPackages.take": {
    signedIn: true,
    params: v.object({
      devices: v.pipe(v.array(DeviceId), v.minLength(1), v.maxLength(limits.KEY_PACKAGE_BATCH)),
    }),
    result: v.object({
      packages: v.array(v.object({ deviceId: DeviceId, keyPackage: KeyPackageBytes })),
    }),
  },

  /**
   * Makes the MLS group of the conversation with `peer`, or without one of a group (`conversation.*`)
   * in which this account is, at any epoch: a client may know of a group that the server has lost.
   * group-exists, not-buddies, no-such-conversation.
   */
  "group.create": {
    signedIn: true,
    params: v.object({
      conversationId: ConversationId,
      peer: v.exactOptional(UserId),
      epoch: Epoch,
      groupInfo: GroupInfoBytes,
      welcome: v.exactOptional(WelcomeFor),
    }),
    result: Nothing,
  },
  /** What the server knows that a member at epoch `have` lacks. no-such-group (also for strangers). */
  "group.get": {
    signedIn: true,
    params: v.object({ conversationId: ConversationId, have: v.exactOptional(Epoch) }),
    result: GroupView,
  },
  /**
   * Ends `epoch` by a commit; the first one wins. An epoch ahead of the server's is taken too: the
   * server has lost something. no-such-group, epoch-taken.
   */
  "group.commit": {
    signedIn: true,
    params: v.object({
      conversationId: ConversationId,
      epoch: Epoch,
      commit: CommitBytes,
      groupInfo: GroupInfoBytes,
      welcome: v.exactOptional(WelcomeFor),
    }),
    result: Nothing,
  },
  /** The groups of this account's conversations, so that a new device can join them. */
  "group.list": {
    signedIn: true,
    params: v.object({ after: v.exactOptional(ConversationId) }),
    result: v.object({ groups: v.array(GroupSummary), more: v.boolean() }),
  },

  /**
   * Founds a group by the first statement of its membership log. Those whom it names must be buddies.
   * `about` where the statement names one. conversation-exists, not-permitted (a statement that is none), not-buddies, too-many-groups.
   */
  "conversation.found": {
    signedIn: true,
    params: v.object({
      conversationId: ConversationId,
      statement: MembershipStatementBytes,
      about: v.exactOptional(GroupAboutBytes),
    }),
    result: Nothing,
  },
  /**
   * Continues a group's log; the first statement after another wins. Whoever is invited must be a buddy
   * of the member who invites. `about` comes with the statement that names it, and with no other.
   * Whoever is told too-many-groups may not know whose groups those are. no-such-conversation, membership-conflict, not-permitted, not-buddies, too-many-groups.
   */
  "conversation.append": {
    signedIn: true,
    params: v.object({
      conversationId: ConversationId,
      statement: MembershipStatementBytes,
      about: v.exactOptional(GroupAboutBytes),
    }),
    result: Nothing,
  },
  /** A group's log from index `after` on, a page at a time. no-such-conversation. */
  "conversation.log": {
    signedIn: true,
    params: v.object({ conversationId: ConversationId, after: MembershipLength }),
    result: MembershipView,
  },
  /** The same for whoever has a link to it. group-link-invalid, rate-limited. */
  "conversation.linked": {
    signedIn: true,
    params: v.object({
      conversationId: ConversationId,
      after: MembershipLength,
      link: GroupLinkProof,
    }),
    result: MembershipView,
  },
  /** By a `join` statement. group-link-invalid, membership-conflict, too-many-groups, rate-limited. */
  "conversation.join": {
    signedIn: true,
    params: v.object({ conversationId: ConversationId, statement: MembershipStatementBytes }),
    result: Nothing,
  },
  /** The groups in which this account is. */
  "conversation.list": {
    signedIn: true,
    params: v.object({ after: v.exactOptional(ConversationId) }),
    result: v.object({
      conversations: v.array(
        v.object({ conversationId: ConversationId, length: MembershipLength }),
      ),
      more: v.boolean(),
    }),
  },
  /** Profiles of people in that group, former members included. no-such-conversation. */
  "conversation.profiles": {
    signedIn: true,
    params: v.object({
      conversationId: ConversationId,
      userIds: v.pipe(v.array(UserId), v.minLength(1), v.maxLength(limits.PROFILES_AT_ONCE)),
    }),
    result: v.object({ profiles: v.array(Profile) }),
  },

  "roster.get": {
    signedIn: true,
    params: Nothing,
    result: v.object({ entries: v.array(RosterEntry) }),
  },
  /** Asks somebody to be a buddy; accepts at once where they had asked first. no-such-user. */
  "roster.add": {
    signedIn: true,
    params: v.object({ userName: UserName }),
    result: RosterEntry,
  },
  "roster.accept": { signedIn: true, params: ByUser, result: RosterEntry },
  "roster.decline": { signedIn: true, params: ByUser, result: Nothing },
  /** Ends it for both; also withdraws a request. */
  "roster.remove": { signedIn: true, params: ByUser, result: Nothing },
  /** They no longer see presence, signal, relay or leave envelopes, and are not told. */
  "roster.block": { signedIn: true, params: ByUser, result: RosterEntry },
  /** The entry is gone afterwards; being buddies starts anew. */
  "roster.unblock": { signedIn: true, params: ByUser, result: Nothing },
  "roster.update": {
    signedIn: true,
    params: v.object({
      userId: UserId,
      nickname: v.exactOptional(Nickname),
      group: v.exactOptional(RosterGroup),
      /** Tell them my endpoints without addresses (route policy `relay-only`). */
      hideAddresses: v.exactOptional(v.boolean()),
    }),
    result: RosterEntry,
  },

  "presence.set": {
    signedIn: true,
    params: v.object({ show: Show, statusText: StatusText }),
    result: Nothing,
  },
  /** This device's own addresses, when they change. */
  "endpoint.update": {
    signedIn: true,
    params: v.object({
      local: v.pipe(v.array(TransportAddress), v.maxLength(limits.MAX_ENDPOINT_ADDRESSES)),
    }),
    result: Nothing,
  },

  /** STUN and TURN servers for direct links, with fresh credentials. */
  "ice.servers": { signedIn: true, params: Nothing, result: IceServers },
  /** To an online device of a buddy or of one's own account. peer-offline, no-such-device. */
  "signal.send": { signedIn: true, params: OutgoingSignal, result: Nothing },

  /** Opens a relay channel to an online device; binary frames on `channel` reach it from then on. */
  "relay.open": { signedIn: true, params: v.object({ to: DeviceId }), result: Channel },
  "relay.close": { signedIn: true, params: Channel, result: Nothing },

  /** Answers after the envelopes are durable. An id that is already there counts as stored. */
  "mailbox.put": {
    signedIn: true,
    params: v.object({
      envelopes: v.pipe(v.array(MailboxPut), v.minLength(1), v.maxLength(limits.MAILBOX_PUT_BATCH)),
    }),
    result: v.object({ outcomes: v.array(PutOutcome) }),
  },
  /**
   * One sealed message for many devices of a group's members, each envelope as if it had come by
   * `mailbox.put`; the outcomes are in the order of `to`.
   */
  "mailbox.post": {
    signedIn: true,
    params: MailboxPost,
    result: v.object({ outcomes: v.array(PutOutcome) }),
  },
  /** The oldest envelopes after `after` (0: from the start), a page at a time. */
  "mailbox.fetch": {
    signedIn: true,
    params: v.object({ after: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
    result: v.object({ items: v.array(MailboxItem), more: v.boolean() }),
  },
  /** Deletes envelopes from this device's own mailbox; unknown positions are no error. */
  "mailbox.acknowledge": {
    signedIn: true,
    params: v.object({
      positions: v.pipe(
        v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
        v.minLength(1),
        v.maxLength(limits.MAILBOX_PAGE),
      ),
    }),
    result: Nothing,
  },
} as const satisfies Record<
  string,
  { signedIn: boolean; params: v.GenericSchema; result: v.GenericSchema }
>;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
export type Params<M extends MethodName> = v.InferOutput<Methods[M]["params"]>;
export type Result<M extends MethodName> = v.InferOutput<Methods[M]["result"]>;

export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}
