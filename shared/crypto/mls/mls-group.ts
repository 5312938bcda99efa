import type { ClientState, KeyPackage, Proposal } from "ts-mls";
import { createGroup } from "ts-mls/clientState.js";
import type { Commit } from "ts-mls/commit.js";
import { createCommit, createGroupInfoWithExternalPubAndRatchetTree } from "ts-mls/createCommit.js";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import { acceptAll } from "ts-mls/incomingMessageAction.js";
import { processMessage } from "ts-mls/processMessages.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import { checkAdded } from "./added-members.ts";
import { openApplication, sealApplication } from "./application-messages.ts";
import { cipherSuites, type CipherSuite } from "./cipher-suites.ts";
import { Admission, KEY_RETENTION, PAD_TO_BYTES } from "./client-config.ts";
import { checkCommit, checkKeys } from "./commit-rules.ts";
import { epochKeys, unprotect } from "./epoch-keys.ts";
import { GroupRecords, readRecords, type SavedState } from "./group-records.ts";
import { FOR_EVER, stateByWelcome, stateFromOutside, type MlsMembership } from "./joining.ts";
import { decodeKeyPackage, newKeyPackage } from "./key-packages.ts";
import { decodeApplicationMessage } from "./message-framing.ts";
import {
  MlsError,
  type GroupMember,
  type MlsGroupApi,
  type MlsSuite,
  type OpenedMessage,
  type OwnKeyPackage,
  type PendingCommit,
} from "./mls-types.ts";
import { overwriteSecrets } from "./secrets.ts";
import { decodeMessage, encodeMessage, epochNumber, knownSuite, membersOf } from "./wire.ts";
import { sameBytes } from "../bytes.ts";

export class MlsGroup implements MlsGroupApi {
  readonly suite: MlsSuite;
  readonly #cs: CipherSuite;
  readonly #membership: MlsMembership;
  readonly #records: GroupRecords;
  #state: ClientState;
  /** Another group has some of this one's keys: they are not overwritten here any more. */
  #isShared = false;

  private constructor(
    membership: MlsMembership,
    suite: MlsSuite,
    cs: CipherSuite,
    state: ClientState,
    records = new GroupRecords(),
  ) {
    this.suite = suite;
    this.#cs = cs;
    this.#membership = membership;
    this.#state = state;
    this.#records = records;
  }

  /** A group of this device alone, in epoch 0. */
  static async create(
    options: MlsMembership & { readonly groupId: Uint8Array; readonly suite: MlsSuite },
  ): Promise<MlsGroup> {
    const { identity, policy, groupId, suite } = options;
    const cs = (await cipherSuites())[suite];
    const { keyPackage, privateKeys } = await newKeyPackage(identity, suite, FOR_EVER);
    const { config } = new Admission(identity, policy);
    const id = groupId.slice();
    const state = await createGroup(id, keyPackage, privateKeys, [], cs, config);
    return new MlsGroup(options, suite, cs, state);
  }

  /** By a Welcome. @throws MlsError not-for-us where it does not name that key package */
  static async join(
    options: MlsMembership & { readonly welcome: Uint8Array; readonly keyPackage: OwnKeyPackage },
  ): Promise<MlsGroup> {
    const { suite, cs, state } = await stateByWelcome(options);
    checkState(state);
    return new MlsGroup(options, suite, cs, state);
  }

  /**
   * By an external commit (RFC 9420 §12.4.3.2), which the delivery service has to take before the
   * group may be used; this device's former leaf goes by the same commit. `groupInfo` is that of the
   * next epoch.
   * @throws MlsError
   */
  static async joinExternal(
    options: MlsMembership & { readonly groupInfo: Uint8Array },
  ): Promise<{ group: MlsGroup; commit: Uint8Array; groupInfo: Uint8Array }> {
    const { suite, cs, state, commit } = await stateFromOutside(options);
    checkState(state);
    const group = new MlsGroup(options, suite, cs, state);
    return { group, commit, groupInfo: await group.groupInfo() };
  }

  /** @throws MlsError malformed where the records are not all of one group of this device */
  static async load(
    records: ReadonlyMap<string, Uint8Array>,
    membership: MlsMembership,
  ): Promise<MlsGroup> {
    const { identity, policy } = membership;
    const saved = readRecords(records);
    const state: ClientState = {
      ...saved,
      signaturePrivateKey: identity.keys.secretKey,
      unappliedProposals: {},
      groupActiveState: { kind: "active" },
      clientConfig: new Admission(identity, policy).config,
    };
    const own = membersOf(state.ratchetTree).find(
      ({ leaf }) => leaf === state.privatePath.leafIndex,
    );
    if (own === undefined || !sameBytes(own.publicKey, identity.keys.publicKey)) {
      throw new MlsError("malformed", "the records of another device");
    }
    const suite = knownSuite(state.groupContext.cipherSuite);
    const cs = (await cipherSuites())[suite];
    return new MlsGroup(membership, suite, cs, state, new GroupRecords(saved));
  }

  get groupId(): Uint8Array {
    return this.#state.groupContext.groupId;
  }

  get epoch(): number {
    return epochNumber(this.#state.groupContext.epoch);
  }

  get confirmation(): Uint8Array {
    return this.#state.confirmationTag;
  }

  get members(): readonly GroupMember[] {
    return membersOf(this.#state.ratchetTree);
  }

  async groupInfo(): Promise<Uint8Array> {
    const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(this.#state, [], this.#cs);
    return encodeMessage({ version: "mls10", wireformat: "mls_group_info", groupInfo });
  }

  async commit(change: {
    readonly add: readonly Uint8Array[];
    readonly remove: readonly number[];
  }): Promise<PendingCommit<MlsGroup>> {
    const proposals: Proposal[] = [];
    const added: KeyPackage[] = [];
    for (const removed of change.remove) {
      if (removed === this.#state.privatePath.leafIndex || !this.#has(removed)) {
        throw new MlsError("invalid", "a leaf that cannot be removed");
      }
      proposals.push({ proposalType: "remove", remove: { removed } });
    }
    for (const bytes of change.add) {
      const { keyPackage } = await decodeKeyPackage(bytes);
      added.push(keyPackage);
      proposals.push({ proposalType: "add", add: { keyPackage } });
    }
    const { newState, commit, welcome } = await this.#run(async (state) => {
      await checkAdded(added, state, this.suite, Math.floor(Date.now() / 1000));
      return await createCommit(
        { state, cipherSuite: this.#cs },
        { extraProposals: proposals, ratchetTreeExtension: true },
      );
    });
    const next = this.#next(newState);
    return {
      commit: encodeMessage(commit),
      groupInfo: await next.groupInfo(),
      welcome: welcome && encodeMessage({ version: "mls10", wireformat: "mls_welcome", welcome }),
      next,
    };
  }

  async process(commit: Uint8Array): Promise<MlsGroup> {
    const message = decodeMessage(commit);
    let added: readonly KeyPackage[] = [];
    if (message.wireformat === "mls_private_message") {
      const { privateMessage } = message;
      if (privateMessage.contentType !== "commit") throw new MlsError("malformed", "no commit");
      this.#expectPresent(privateMessage);
      const { content } = await this.#run(async (state) =>
        unprotect(epochKeys(state), privateMessage, this.#cs),
      );
      if (content.content.contentType !== "commit") throw new MlsError("malformed", "no commit");
      checkCommit(this.#state, content.content.commit, content.content.sender);
      added = keyPackagesOf(content.content.commit);
    } else if (message.wireformat === "mls_public_message") {
      const { content } = message.publicMessage;
      if (content.contentType !== "commit") throw new MlsError("malformed", "no commit");
      this.#expectPresent(content);
      checkCommit(this.#state, content.commit, content.sender);
    } else {
      throw new MlsError("malformed", "no commit");
    }
    const { newState } = await this.#run(async (state) => {
      await checkAdded(added, state, this.suite);
      return await processMessage(message, state, emptyPskIndex, acceptAll, this.#cs);
    });
    if (newState.groupContext.epoch !== this.#state.groupContext.epoch + 1n) {
      throw new MlsError("invalid", "a commit that leads nowhere");
    }
    return this.#next(newState);
  }

  async seal(plaintext: Uint8Array, additional: Uint8Array): Promise<Uint8Array> {
    const { message, secretTree, consumed } = await orInvalid(
      sealApplication(this.#state, plaintext, additional, PAD_TO_BYTES, this.#cs),
    );
    this.#moveOn({ ...this.#state, secretTree }, consumed);
    return message;
  }

  async open(sealed: Uint8Array): Promise<OpenedMessage> {
    const message = decodeApplicationMessage(sealed);
    this.#expectOwnGroup(message.groupId);
    const { epoch } = this.#state.groupContext;
    if (message.epoch > epoch) {
      throw new MlsError("future-epoch", "of an epoch that this group is not in yet");
    }
    const past = this.#state.historicalReceiverData.get(message.epoch);
    if (message.epoch < epoch && past === undefined) {
      throw new MlsError("past-epoch", "of an epoch whose keys are gone");
    }
    const keys = past ?? epochKeys(this.#state);
    const { opened, secretTree, consumed } = await orInvalid(
      openApplication(keys, message, this.#cs),
    );
    if (past === undefined) {
      this.#moveOn({ ...this.#state, secretTree }, consumed);
    } else {
      const late = new Map(this.#state.historicalReceiverData);
      late.set(message.epoch, { ...past, secretTree });
      this.#moveOn({ ...this.#state, historicalReceiverData: late }, consumed);
    }
    return opened;
  }

  takeOver(former: MlsGroupApi): void {
    if (!(former instanceof MlsGroup) || former === this) return;
    const own = this.#state;
    const epochs = new Map(own.historicalReceiverData);
    for (const [epoch, data] of former.#epochs()) {
      if (epoch < own.groupContext.epoch) epochs.set(epoch, data);
    }
    const kept = [...epochs]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(-KEY_RETENTION.retainKeysForEpochs);
    this.#state = { ...own, historicalReceiverData: new Map(kept) };
    this.#isShared = false;
    this.#records.replace(former.#records);
    overwriteSecrets(former.#state, this.#state);
  }

  takeRecords(): ReadonlyMap<string, Uint8Array | undefined> {
    return this.#records.take(this.#state);
  }

  /** The library's operation, with the policy; whatever it throws comes out as an MlsError. */
  async #run<Result>(operation: (state: ClientState) => Promise<Result>): Promise<Result> {
    const { identity, policy } = this.#membership;
    const admission = new Admission(identity, policy);
    return await admission.run(async () =>
      operation({ ...this.#state, clientConfig: admission.config }),
    );
  }

  #moveOn(state: ClientState, consumed: readonly Uint8Array[]): void {
    this.#state = state;
    if (this.#isShared) return;
    for (const secret of consumed) secret.fill(0);
  }

  #next(state: ClientState): MlsGroup {
    checkState(state);
    this.#isShared = true;
    const next = new MlsGroup(this.#membership, this.suite, this.#cs, state);
    next.#isShared = true;
    return next;
  }

  /** The present epoch and the former ones, as far as late messages need them. */
  #epochs(): [bigint, EpochReceiverData][] {
    const { groupContext, historicalReceiverData } = this.#state;
    return [...historicalReceiverData, [groupContext.epoch, epochKeys(this.#state)]];
  }

  #has(leaf: number): boolean {
    return this.members.some((member) => member.leaf === leaf);
  }

  #expectOwnGroup(groupId: Uint8Array): void {
    if (!sameBytes(groupId, this.groupId)) throw new MlsError("malformed", "of another group");
  }

  #expectPresent({ groupId, epoch }: { groupId: Uint8Array; epoch: bigint }): void {
    this.#expectOwnGroup(groupId);
    const present = this.#state.groupContext.epoch;
    if (epoch > present) throw new MlsError("future-epoch", "a commit that comes too early");
    if (epoch < present) throw new MlsError("past-epoch", "a commit of a former epoch");
  }
}

/** @throws MlsError whatever was thrown */
async function orInvalid<Result>(operation: Promise<Result>): Promise<Result> {
  try {
    return await operation;
  } catch (cause) {
    if (cause instanceof MlsError) throw cause;
    throw new MlsError("invalid", "against the protocol", { cause });
  }
}

function keyPackagesOf({ proposals }: Commit): readonly KeyPackage[] {
  return proposals.flatMap((entry) =>
    entry.proposalOrRefType === "proposal" && entry.proposal.proposalType === "add"
      ? [entry.proposal.add.keyPackage]
      : [],
  );
}

/** What every state of a group of ours fulfils, whoever led into it. @throws MlsError invalid */
function checkState(state: SavedState): void {
  if (state.groupContext.extensions.length > 0) {
    throw new MlsError("invalid", "a group with extensions");
  }
  membersOf(state.ratchetTree);
  checkKeys(state.ratchetTree);
}
