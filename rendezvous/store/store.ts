import type {
  Device,
  DeviceId,
  MailboxItem,
  MessageId,
  RosterState,
  Show,
  UserId,
} from "../../shared/protocol/index.ts";
import type { AuditStore } from "./audit-store.ts";

/**
 * The server's durable memory. Asynchronous, since a fleet keeps it in another process. Every
 * method is one atomic step; a write that has resolved is on disk. Implementations pass
 * `testing/store-contract.ts`.
 */
export interface Store extends AsyncDisposable {
  readonly accounts: AccountStore;
  readonly devices: DeviceStore;
  readonly sessions: SessionStore;
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
  /** What the credential verifier keeps; opaque here. */
  readonly credential: string;
  readonly disabled: boolean;
  readonly show: Show;
  readonly statusText: string;
  readonly createdAt: number;
  readonly lastSeen: number | undefined;
}

export interface AccountStore {
  /**
   * Creates an account; `invite`, where given, is used up in the same step.
   * @throws ProtocolError user-name-taken, invite-invalid
   */
  create(account: {
    userId: UserId;
    userName: string;
    displayName: string;
    credential: string;
    now: number;
    invite?: string;
  }): Promise<Account>;
  byId(userId: UserId): Promise<Account | undefined>;
  /** By any spelling of the name (`canonicalUserName`). */
  byName(userName: string): Promise<Account | undefined>;
  /** In the order of creation. */
  list(options: { after?: UserId; limit: number }): Promise<readonly Account[]>;
  setCredential(userId: UserId, credential: string): Promise<void>;
  setDisplayName(userId: UserId, displayName: string): Promise<void>;
  setPresence(userId: UserId, show: Show, statusText: string): Promise<void>;
  setLastSeen(userId: UserId, at: number): Promise<void>;
  /** Disabling ends all sessions in the same step. */
  setDisabled(userId: UserId, disabled: boolean): Promise<void>;
}

export interface StoredDevice extends Device {
  readonly userId: UserId;
  readonly lastSeen: number;
}

export interface DeviceStore {
  /** Adds or updates. @throws ProtocolError too-many-devices (an update never does) */
  put(device: StoredDevice, maxPerAccount: number): Promise<void>;
  get(deviceId: DeviceId): Promise<StoredDevice | undefined>;
  ofUser(userId: UserId): Promise<readonly StoredDevice[]>;
  /** With its sessions and its mailbox. */
  remove(deviceId: DeviceId): Promise<void>;
}

export interface Session {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly expiresAt: number;
}

/** Sessions are found by the SHA-256 of their token: whoever reads the disk cannot resume one. */
export interface SessionStore {
  /** @throws ProtocolError no-such-device, account-disabled (maybe since the credential was checked) */
  put(tokenHash: Uint8Array, session: Session): Promise<void>;
  /** Undefined also once expired. */
  get(tokenHash: Uint8Array, now: number): Promise<Session | undefined>;
  extend(tokenHash: Uint8Array, expiresAt: number): Promise<void>;
  remove(tokenHash: Uint8Array): Promise<void>;
  removeOfUser(userId: UserId): Promise<void>;
  removeExpired(now: number): Promise<number>;
}

/** One side's view of a relation; the two sides change together. */
export interface RosterRow {
  readonly owner: UserId;
  readonly peer: UserId;
  readonly state: RosterState;
  readonly nickname: string;
  readonly group: string;
}

/** A row with what its entry shows of the peer. */
export interface RosterView {
  readonly row: RosterRow;
  readonly peer: Pick<
    Account,
    "userId" | "userName" | "displayName" | "show" | "statusText" | "lastSeen"
  >;
  readonly devices: readonly Device[];
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
