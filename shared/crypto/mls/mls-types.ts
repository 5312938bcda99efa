import type { IdentityKeys } from "../identity.ts";

/**
 * Which MLS cipher suite a group has (RFC 9420 §17.1). `hybrid`: X-Wing, AES-256-GCM, SHA-512,
 * Ed25519 (draft-connolly-cfrg-xwing-kem): closed to quantum computers too. `classic`: X25519,
 * AES-128-GCM, SHA-256, Ed25519.
 */
export type MlsSuite = "hybrid" | "classic";

/** This device, as a member of groups. */
export interface MlsIdentity {
  /** 16 bytes; the basic credential's identity (RFC 9420 §5.3). */
  readonly userId: Uint8Array;
  readonly keys: IdentityKeys;
}

/** A device in a group. */
export interface GroupMember {
  readonly leaf: number;
  /** 16 bytes. */
  readonly userId: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * The authentication service (RFC 9420 §5.3.1): is this key one of that user's devices, and may they
 * be in? Asked for every leaf that a Welcome's or a GroupInfo's tree has, for everybody a commit
 * adds, and for whoever makes a commit; never for this device itself. So a device that was taken
 * off its account's list has to be admitted until the commit that removes its leaf, or nobody can
 * join in between: tell it from one that never was on the list.
 */
export interface GroupPolicy {
  /** Members of a group that this device joins; of more it is not even looked at who they are. */
  readonly maxMembers?: number;
  admits(member: Omit<GroupMember, "leaf">): Promise<boolean>;
}

/** A key package with what opens a Welcome for it. */
export interface OwnKeyPackage {
  /** MLSMessage with the KeyPackage; public. */
  readonly keyPackage: Uint8Array;
  /** The private keys, encoded; secret. */
  readonly secret: Uint8Array;
  /** KeyPackageRef (§5.2), by which a Welcome names it. */
  readonly reference: Uint8Array;
  readonly lastResort: boolean;
  /** Seconds since the epoch. */
  readonly notAfter: number;
}

/** What a key package says, its signature checked. */
export interface KeyPackageClaims extends Omit<GroupMember, "leaf"> {
  readonly suite: MlsSuite;
  readonly lastResort: boolean;
  readonly notAfter: number;
}

/** What a GroupInfo says, its signature checked. */
export interface GroupInfoClaims {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly suite: MlsSuite;
  /** The confirmation tag (§8.1): equal for two members exactly if they are in the same epoch of the same group. */
  readonly confirmation: Uint8Array;
  readonly members: readonly GroupMember[];
}

/** A step into the next epoch that the delivery service has not taken yet. */
export interface PendingCommit<Group> {
  readonly commit: Uint8Array;
  /** Of the next epoch, with ratchet tree and external key. */
  readonly groupInfo: Uint8Array;
  /** Where devices were added by key packages. */
  readonly welcome: Uint8Array | undefined;
  /** The group as it is once the commit is taken. */
  readonly next: Group;
}

export interface OpenedMessage {
  readonly plaintext: Uint8Array;
  /** As given to `seal`. */
  readonly additional: Uint8Array;
  readonly sender: GroupMember;
}

/** One device's view of one group. Operations of one group must not overlap: await each. */
export interface MlsGroupApi {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly suite: MlsSuite;
  readonly confirmation: Uint8Array;
  readonly members: readonly GroupMember[];
  /** Of the present epoch, with ratchet tree and external key. */
  groupInfo(): Promise<Uint8Array>;
  /**
   * Prepares a commit: adds by key packages, removes by leaf; with neither, it renews this device's
   * keys. The group stays as it is. A key package out of its time, by this machine's own clock, is
   * `invalid`. @throws MlsError
   */
  commit(change: {
    readonly add: readonly Uint8Array[];
    readonly remove: readonly number[];
  }): Promise<PendingCommit<MlsGroupApi>>;
  /** The group after somebody else's commit; this one stays as it is. @throws MlsError */
  process(commit: Uint8Array): Promise<MlsGroupApi>;
  /** An MLSMessage with a PrivateMessage (§6.3). The group moves on by one generation. @throws MlsError */
  seal(plaintext: Uint8Array, additional: Uint8Array): Promise<Uint8Array>;
  /** Once per message: its key is deleted. Where it throws, the group is as before. @throws MlsError */
  open(sealed: Uint8Array): Promise<OpenedMessage>;
  /**
   * Call once this group stands in the place of `former`: a pending commit was taken, somebody's was
   * processed, or this device joined anew. It gets the keys with which late messages of former
   * epochs are opened, as they are now; all others of `former` are overwritten, and `former` must
   * not be used any more. The next `takeRecords` turns the records of `former` into those of this
   * group. Without the call late messages may be lost, and keys stay longer than they should.
   */
  takeOver(former: MlsGroupApi): void;
  /**
   * What must be saved of it, by name, changed since the last call; undefined means: delete. Small for
   * a message sent or received, all of it for a new epoch. The first call gives everything;
   * but what a group was loaded from, and what the group gave out that it took over, counts as saved.
   */
  takeRecords(): ReadonlyMap<string, Uint8Array | undefined>;
}

/** Told apart by `reason`, never by text. */
export class MlsError extends Error {
  readonly reason:
    /** No MLS message, or not of this group or suite. */
    | "malformed"
    /** Of an epoch that is ahead of the group. */
    | "future-epoch"
    /** Of an epoch whose keys are gone, or never were here. */
    | "past-epoch"
    /** The key of that generation was used or is gone. */
    | "used"
    /** A signature, a tag or a rule of the protocol is broken. */
    | "invalid"
    /** The policy does not admit somebody that it brings in. */
    | "not-admitted"
    /** A commit or Welcome that removes this device, or is not for it. */
    | "not-for-us";

  constructor(reason: MlsError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MlsError";
    this.reason = reason;
  }
}
