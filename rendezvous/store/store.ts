import type {
  ConversationId,
  Device,
  DeviceId,
  MailboxItem,
  MessageId,
  RosterState,
  Show,
  UserId,
} from "../../shared/protocol/index.ts";
import type { AuditStore } from "./audit-store.ts";
import type { ConversationStore } from "./conversation-store.ts";

/**
 * The server's durable memory. Asynchronous, since a fleet keeps it in another process. Every
 * method is one atomic step; a write that has resolved is on disk. Implementations pass
 * `testing/store-contract.ts`.
 */
export interface Store extends AsyncDisposable {
  readonly accounts: AccountStore;
  readonly devices: DeviceStore;
  readonly deviceLogs: DeviceLogStore;
  readonly secrets: SecretStore;
  readonly keyPackages: KeyPackageStore;
  readonly groups: GroupStore;
  readonly conversations: ConversationStore;
  readonly roster: RosterStore;
  readonly mailbox: MailboxStore;
  readonly invites: InviteStore;
  readonly audit: AuditStore;

  /** Writes a consistent copy while the server runs. @throws StoreError */
  backup(targetFile: string): Promise<void>;
  /** Looks for damage; the findings are one line each, none when all is well. */
  check(): Promise<readonly string[]>;
}

export interface Account {
  readonly userId: UserId;
  readonly userName: string;
  readonly displayName: string;
  /** An OPAQUE registration record, or what an older server kept; opaque here. */
  readonly credential: string;
  readonly disabled: boolean;
  readonly show: Show;
  readonly statusText: string;
  readonly createdAt: number;
  readonly lastSeen: number | undefined;
}

export interface FirstDevice extends Device {
  readonly sessionEnds: number;
  /** The genesis of the account's device list. */
  readonly extension: DeviceLogExtension;
}

export interface AccountStore {
  /**
   * Creates an account; `invite`, where given, is used up in the same step, and `first` makes its
   * first device, signed in, and begins its device list.
   * @throws ProtocolError user-name-taken, invite-invalid, wrong-device-key (a known device)
   */
  create(account: {
    userId: UserId;
    userName: string;
    displayName: string;
    credential: string;
    now: number;
    invite?: string;
    first?: FirstDevice;
  }): Promise<Account>;
  byId(userId: UserId): Promise<Account | undefined>;
  /** By any spelling of the name (`canonicalUserName`). */
  byName(userName: string): Promise<Account | undefined>;
  /** In the order of creation. */
  list(options: { after?: UserId; limit: number }): Promise<readonly Account[]>;
  /** Ends all sessions in the same step: whoever knew the old password may have one. */
  setCredential(userId: UserId, credential: string): Promise<void>;
  /**
   * As `setCredential`, by a device that stays signed in, with its word for the device list.
   * @throws ProtocolError device-list-conflict, no-such-user
   */
  changeCredential(change: {
    userId: UserId;
    credential: string;
    deviceId: DeviceId;
    extension: DeviceLogExtension;
  }): Promise<void>;
  setDisplayName(userId: UserId, displayName: string): Promise<void>;
  setPresence(userId: UserId, show: Show, statusText: string): Promise<void>;
  /** No effect where the account was removed meanwhile. */
  setLastSeen(userId: UserId, at: number): Promise<void>;
  /** Disabling ends all sessions in the same step. */
  setDisabled(userId: UserId, disabled: boolean): Promise<void>;
  /** With its devices, their mailboxes, its buddies and its place in groups. True where it was. */
  remove(userId: UserId): Promise<boolean>;
}

export interface StoredDevice extends Device {
  readonly userId: UserId;
  readonly addedAt: number;
  readonly lastSeen: number;
  /** Until when the device may come back by its key; undefined: the password is asked for. */
  readonly sessionEnds: number | undefined;
}

/** What a sign-in tells of a device. */
export interface DeviceSignIn extends Device {
  readonly userId: UserId;
  readonly now: number;
  readonly sessionEnds: number;
}

export interface DeviceStore {
  /**
   * Begins a session: of a device that is known (its name stays), or of a new one. True where it is
   * new. @throws ProtocolError too-many-devices (new ones only), account-disabled (maybe since the
   * credential was checked), wrong-device-key (the device is another account's), no-such-user
   */
  signIn(device: DeviceSignIn, maxPerAccount: number): Promise<boolean>;
  get(deviceId: DeviceId): Promise<StoredDevice | undefined>;
  ofUser(userId: UserId): Promise<readonly StoredDevice[]>;
  /** Moves the end of a session that has not ended; one that has stays so. */
  extend(deviceId: DeviceId, session: { now: number; sessionEnds: number }): Promise<void>;
  /** False where the account has no such device. */
  rename(userId: UserId, deviceId: DeviceId, name: string): Promise<boolean>;
  /** The device stays, and needs the password the next time. */
  endSession(deviceId: DeviceId): Promise<void>;
  endSessionsOf(userId: UserId): Promise<void>;
  /** With its mailbox. */
  remove(deviceId: DeviceId): Promise<void>;
}

/** Statements that continue a device list, and the list that they make. */
export interface DeviceLogExtension {
  /** Statements that the log must have before. */
  readonly after: number;
  readonly statements: readonly Uint8Array[];
  /** What the log says then, as its reader encodes it; opaque here. */
  readonly list: Uint8Array;
}

/** Every account's device list (SPEC I). What it says is checked elsewhere. */
export interface DeviceLogStore {
  /** Undefined where no statement was stored. */
  head(userId: UserId): Promise<{ length: number; list: Uint8Array } | undefined>;
  /**
   * Statements from index `after` on, at most `limit`; `length` counts all. Also of an account that was
   * removed, while there is a group whose log names it.
   */
  read(
    userId: UserId,
    options: { after: number; limit: number },
  ): Promise<{ statements: readonly Uint8Array[]; length: number }>;
  /** @throws ProtocolError device-list-conflict where the log has another length, no-such-user */
  append(userId: UserId, extension: DeviceLogExtension): Promise<void>;
}

/** What the server itself keeps from everybody, by name. */
export interface SecretStore {
  /** The secret of that name; `make` gives it where there is none yet, and the first one stays. */
  get(name: string, make: () => string): Promise<string>;
}

/** Key packages of devices (RFC 9420 §10), until they are used or their device is removed. */
export interface KeyPackageStore {
  /**
   * Adds single-use packages up to `maxKept`, drops what is beyond or there already, and replaces the
   * one of last resort. Resolves with how many single-use ones are kept now.
   * @throws ProtocolError no-such-device
   */
  publish(
    deviceId: DeviceId,
    packages: {
      readonly singleUse: readonly Uint8Array[];
      readonly lastResort?: Uint8Array;
      readonly maxKept: number;
    },
  ): Promise<number>;
  /**
   * A package of the device: the oldest single-use one, which is gone then, else the one of last
   * resort. `spare` leaves the single-use ones where they are.
   */
  take(deviceId: DeviceId, options: { spare: boolean }): Promise<TakenKeyPackage | undefined>;
}

export interface TakenKeyPackage {
  readonly keyPackage: Uint8Array;
  /** Single-use ones that are left. */
  readonly left: number;
  readonly singleUse: boolean;
}

/** A Welcome (RFC 9420 §12.4.3.1) and the devices that it lets in. */
export interface StoredWelcome {
  readonly devices: readonly DeviceId[];
  readonly welcome: Uint8Array;
}

export interface GroupState {
  readonly conversationId: ConversationId;
  /** As it shall be from now on. */
  readonly epoch: number;
  readonly groupInfo: Uint8Array;
  /** Leads into `epoch`. Devices that nobody knows are left out. */
  readonly welcome?: StoredWelcome;
  readonly now: number;
}

/** The commits that are kept of one group: the newest ones, within both bounds. */
export interface CommitQuota {
  readonly count: number;
  readonly bytes: number;
}

export interface StoredGroup {
  readonly conversationId: ConversationId;
  /** The two whose conversation it is; none: who is in it is told by the conversation's log. */
  readonly members: readonly UserId[];
  readonly epoch: number;
}

/** What `GroupView` says on the wire, in bytes. */
export interface StoredGroupView {
  readonly epoch: number;
  readonly groupInfo?: Uint8Array;
  readonly commits: readonly { readonly epoch: number; readonly commit: Uint8Array }[];
  readonly more: boolean;
  readonly welcome?: { readonly epoch: number; readonly welcome: Uint8Array };
}

/** The delivery service's memory of MLS groups (RFC 9750 §5). All it keeps is opaque to it. */
export interface GroupStore {
  /** @param group without members: of a `ConversationStore` @throws ProtocolError group-exists, no-such-user */
  create(group: GroupState & { readonly members: readonly UserId[] }): Promise<void>;
  find(conversationId: ConversationId): Promise<StoredGroup | undefined>;
  /**
   * Ends the epoch before `epoch` by a commit; the first one wins.
   * @throws ProtocolError no-such-group, epoch-taken (the group is in `epoch` or beyond)
   */
  commit(group: GroupState & { readonly commit: Uint8Array }, quota: CommitQuota): Promise<void>;
  /**
   * For a device at epoch `have`, or one that is in no epoch: GroupInfo and Welcome unless it has the
   * newest epoch, and the commits from `have` on where they are all there, at least one a page.
   */
  view(
    conversationId: ConversationId,
    options: { deviceId: DeviceId; have?: number; maxBytes: number },
  ): Promise<StoredGroupView | undefined>;
  /** Of one account, in the order of their making. */
  list(
    member: UserId,
    options: { after?: ConversationId; limit: number },
  ): Promise<readonly StoredGroup[]>;
  /** Removes commits and Welcomes that are older; returns how many. */
  removeBefore(storedAt: number): Promise<number>;
}

/** One side's view of a relation; the two sides change together. */
export interface RosterRow {
  readonly owner: UserId;
  readonly peer: UserId;
  readonly state: RosterState;
  readonly nickname: string;
  readonly group: string;
  /** The owner's addresses are kept from the peer. */
  readonly hideAddresses: boolean;
}

/** A row with what its entry shows of the peer. */
export interface RosterView {
  readonly row: RosterRow;
  readonly peer: Pick<
    Account,
    "userId" | "userName" | "displayName" | "show" | "statusText" | "lastSeen"
  >;
  readonly devices: readonly Device[];
  /** Statements in the peer's device list. */
  readonly logLength: number;
  /** The peer's addresses are kept from the owner. */
  readonly addressesHidden: boolean;
}

export type RosterChange =
  | { readonly type: "put"; readonly row: RosterRow }
  | { readonly type: "remove"; readonly owner: UserId; readonly peer: UserId };

export interface RosterStore {
  of(owner: UserId): Promise<readonly RosterView[]>;
  view(owner: UserId, peer: UserId): Promise<RosterView | undefined>;
  row(owner: UserId, peer: UserId): Promise<RosterRow | undefined>;
  /** Those with whom both sides are `buddies`. */
  buddies(owner: UserId): Promise<readonly UserId[]>;
  /** Those from whom the owner's addresses are kept. */
  hiddenFrom(owner: UserId): Promise<readonly UserId[]>;
  count(owner: UserId): Promise<number>;
  /** All of it or nothing. */
  change(changes: readonly RosterChange[]): Promise<void>;
}

export interface MailboxDeposit {
  readonly id: MessageId;
  readonly to: DeviceId;
  readonly from: { readonly userId: UserId; readonly deviceId: DeviceId };
  readonly storedAt: number;
  readonly envelope: Uint8Array;
}

export type DepositOutcome = "stored" | "duplicate" | "no-such-device" | "mailbox-full";

export interface MailboxQuota {
  readonly bytes: number;
  readonly envelopes: number;
}

export interface MailboxStore {
  /**
   * Resolves once all are durable (fsync). Calls of one tick share one transaction. An id that the
   * device already has, also from the same sender before, is a duplicate and not stored again.
   */
  put(deposits: readonly MailboxDeposit[], quota: MailboxQuota): Promise<readonly DepositOutcome[]>;
  /** Oldest first, positions over `after`; at least one item where any is left. */
  fetch(
    deviceId: DeviceId,
    options: { after: number; maxItems: number; maxBytes: number },
  ): Promise<{ readonly items: readonly StoredEnvelope[]; readonly more: boolean }>;
  /** Only this device's own; unknown positions are ignored. */
  acknowledge(deviceId: DeviceId, positions: readonly number[]): Promise<void>;
  count(deviceId: DeviceId): Promise<number>;
  /** Removes what is older; returns how many. */
  removeBefore(storedAt: number): Promise<number>;
}

/** Like the wire's `MailboxItem`, with the envelope as bytes. */
export type StoredEnvelope = Omit<MailboxItem, "envelope"> & { readonly envelope: Uint8Array };

export interface Invite {
  /** The first letters of its code: enough to tell it, too little to use it. */
  readonly label: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly usesLeft: number;
}

/** Invitations are kept by the hash of their code: whoever reads the disk cannot use one. */
export interface InviteStore {
  create(invite: Omit<Invite, "label"> & { readonly code: string }): Promise<void>;
  /** Would it let somebody in? Uses nothing up. */
  admits(code: string, now: number): Promise<boolean>;
  /** Those that have uses left, expired ones included until they are removed. */
  list(): Promise<readonly Invite[]>;
  /** By its code, or by its label where only one has it. True where it existed. */
  revoke(codeOrLabel: string): Promise<boolean>;
  removeExpired(now: number): Promise<number>;
}

/** The store cannot be used. `reason` chooses the one line that the operator reads. */
export class StoreError extends Error {
  readonly reason: "unwritable" | "damaged" | "newer-version" | "locked" | "failed";

  constructor(reason: StoreError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.reason = reason;
  }
}
