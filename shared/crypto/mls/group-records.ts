import type { ClientState, GroupContext, KeySchedule, PrivateKeyPath, SecretTree } from "ts-mls";
import { decodeUint32, decodeUint64, uint32Encoder, uint64Encoder } from "ts-mls/codec/number.js";
import { mapDecoders, type Decoder } from "ts-mls/codec/tlsDecoder.js";
import { contramapBufferEncoders, encode } from "ts-mls/codec/tlsEncoder.js";
import {
  decodeVarLenData,
  decodeVarLenType,
  varLenDataEncoder,
  varLenTypeEncoder,
} from "ts-mls/codec/variableLength.js";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import { decodeGroupContext, groupContextEncoder } from "ts-mls/groupContext.js";
import { decodeKeySchedule, keyScheduleEncoder } from "ts-mls/keySchedule.js";
import { decodePrivateKeyPath, privateKeyPathEncoder } from "ts-mls/privateKeyPath.js";
import {
  decodeRatchetTree,
  encodeRatchetTree,
  type Node,
  type RatchetTree,
} from "ts-mls/ratchetTree.js";
import {
  decodeSecretTreeNode,
  type GenerationSecret,
  type SecretTreeNode,
} from "ts-mls/secretTree.js";
import { TlsWriter, vectorBytes } from "./tls-bytes.ts";
import { MlsError, type GroupMember } from "./mls-types.ts";
import { membersOf } from "./wire.ts";

/*
 * The records of a group:
 *
 * | name | what | changes |
 * | --- | --- | --- |
 * | state | key schedule, private keys of the tree, confirmation tag, epoch | each epoch |
 * | tree | the ratchet tree | each epoch |
 * | epoch/E | context, sender data secret and members of epoch E, the present or a former one | never |
 * | epoch/E/ratchets/B | the ratchets of leaves 4B to 4B+3 in epoch E | a message of one of those |
 *
 * A former epoch keeps its names, so that a new epoch writes nothing of the old ones again; and no
 * record holds a secret from which a key that was used can be derived.
 */

/** Leaves whose ratchets share a record: fewer mean more records, more mean bigger ones. */
const LEAVES_PER_RECORD = 4;

/** What of the library's state the records hold; the rest is this device's identity and the policy. */
export type SavedState = Pick<
  ClientState,
  | "groupContext"
  | "keySchedule"
  | "secretTree"
  | "ratchetTree"
  | "privatePath"
  | "confirmationTag"
  | "historicalReceiverData"
>;

/** Knows what was given out to be saved, and tells what has changed since. */
export class GroupRecords {
  /** What was given out but for the ratchets: by name, the part of the state that it was made of. */
  #fixed: ReadonlyMap<string, unknown> = new Map();
  /** The ratchets as they were given out, by epoch: the library never changes one in place. */
  #ratchets: ReadonlyMap<bigint, SecretTree> = new Map();

  /** @param saved what is saved already */
  constructor(saved?: SavedState) {
    if (saved === undefined) return;
    this.#fixed = new Map(fixedRecords(saved).map(({ name, source }) => [name, source]));
    this.#ratchets = epochsOf(saved);
  }

  /** This group stands in the place of another: what that one gave out is what is saved. */
  replace(former: GroupRecords): void {
    this.#fixed = former.#fixed;
    this.#ratchets = former.#ratchets;
  }

  take(state: SavedState): Map<string, Uint8Array | undefined> {
    const changed = new Map<string, Uint8Array | undefined>();
    const epochs = epochsOf(state);
    if (this.#fixed.get("state") !== state.keySchedule || !sameKeys(this.#ratchets, epochs)) {
      for (const name of this.#names()) changed.set(name, undefined);
      this.#takeFixed(state, changed);
    }
    for (const [epoch, tree] of epochs) {
      const before = this.#ratchets.get(epoch);
      for (let block = 0; block < blockCount(tree); block += 1) {
        const name = ratchetsName(epoch, block);
        if (before !== undefined && sameBlock(tree, before, block)) changed.delete(name);
        else changed.set(name, encodeRatchets(blockOf(tree, block)));
      }
    }
    this.#ratchets = epochs;
    return changed;
  }

  #takeFixed(state: SavedState, changed: Map<string, Uint8Array | undefined>): void {
    const fixed = fixedRecords(state);
    for (const { name, source, encoded } of fixed) {
      if (this.#fixed.get(name) === source) changed.delete(name);
      else changed.set(name, encoded());
    }
    this.#fixed = new Map(fixed.map(({ name, source }) => [name, source]));
  }

  *#names(): Iterable<string> {
    yield* this.#fixed.keys();
    for (const [epoch, tree] of this.#ratchets) {
      for (let block = 0; block < blockCount(tree); block += 1) yield ratchetsName(epoch, block);
    }
  }
}

/** @throws MlsError malformed where the records are not all of one group */
export function readRecords(records: ReadonlyMap<string, Uint8Array>): SavedState {
  const read = <Value>(name: string, decode: Decoder<Value>): Value => {
    const bytes = records.get(name);
    if (bytes === undefined) throw new MlsError("malformed", `no record ${name}`);
    try {
      // A copy: what is decoded points into it and is overwritten in time.
      const decoded = decode(bytes.slice(), 0);
      if (decoded !== undefined && decoded[1] === bytes.length) return decoded[0];
    } catch (cause) {
      throw new MlsError("malformed", `no sound record ${name}`, { cause });
    }
    throw new MlsError("malformed", `no sound record ${name}`);
  };
  const readEpoch = (epoch: bigint) => {
    const { width, ...rest } = read(epochName(epoch), decodeEpoch);
    const secretTree: SecretTree = [];
    while (secretTree.length < width) {
      const block = secretTree.length / (2 * LEAVES_PER_RECORD);
      const nodes = read(ratchetsName(epoch, block), decodeRatchets);
      const isWhole = nodes.length === Math.min(LEAVES_PER_RECORD, (width + 1) / 2 - 4 * block);
      if (!isWhole) throw new MlsError("malformed", "ratchets of some leaves are missing");
      for (const node of nodes) secretTree.push(node, UNUSED_NODE);
    }
    secretTree.length = width;
    return { ...rest, secretTree };
  };

  const { epoch, ...state } = read("state", decodeState);
  const { groupContext, secretTree } = readEpoch(epoch);
  const historicalReceiverData = new Map<bigint, EpochReceiverData>();
  for (const name of records.keys()) {
    const former = /^epoch\/(\d+)$/u.exec(name)?.[1];
    if (former === undefined || BigInt(former) >= epoch) continue;
    const { members, ...rest } = readEpoch(BigInt(former));
    const ratchetTree = sketchOf(members, rest.secretTree.length);
    historicalReceiverData.set(BigInt(former), { ...rest, ratchetTree, resumptionPsk: EMPTY });
  }
  const ratchetTree = read("tree", decodeRatchetTree);
  return { ...state, groupContext, secretTree, ratchetTree, historicalReceiverData };
}

/** The present epoch's ratchets and those of the former ones. */
function epochsOf(state: SavedState): Map<bigint, SecretTree> {
  const epochs = new Map<bigint, SecretTree>();
  for (const [epoch, { secretTree }] of state.historicalReceiverData) epochs.set(epoch, secretTree);
  return epochs.set(state.groupContext.epoch, state.secretTree);
}

/** A record that does not change while its source stays the same object. */
interface FixedRecord {
  readonly name: string;
  readonly source: unknown;
  readonly encoded: () => Uint8Array;
}

function fixedRecords(state: SavedState): FixedRecord[] {
  const present = { ...state, senderDataSecret: state.keySchedule.senderDataSecret };
  return [
    {
      name: "state",
      source: state.keySchedule,
      encoded: () => encodeState({ ...state, epoch: state.groupContext.epoch }),
    },
    {
      name: "tree",
      source: state.ratchetTree,
      encoded: () => encodeRatchetTree(state.ratchetTree),
    },
    ...[...state.historicalReceiverData.values(), present].map((epoch) => ({
      name: epochName(epoch.groupContext.epoch),
      source: epoch.groupContext,
      encoded: () =>
        encodeEpoch({
          ...epoch,
          width: epoch.secretTree.length,
          members: membersOf(epoch.ratchetTree),
        }),
    })),
  ];
}

/** Of a former epoch's tree nothing is asked but who its members were. */
function sketchOf(members: readonly GroupMember[], width: number): RatchetTree {
  const tree = Array.from<Node | undefined>({ length: width });
  for (const { leaf, userId, publicKey } of members) {
    tree[2 * leaf] = {
      nodeType: "leaf",
      leaf: {
        hpkePublicKey: EMPTY,
        signaturePublicKey: publicKey,
        credential: { credentialType: "basic", identity: userId },
        capabilities: {
          versions: [],
          ciphersuites: [],
          extensions: [],
          proposals: [],
          credentials: [],
        },
        leafNodeSource: "update",
        extensions: [],
        signature: EMPTY,
      },
    };
  }
  return tree;
}

function epochName(epoch: bigint): string {
  return `epoch/${epoch}`;
}

function ratchetsName(epoch: bigint, block: number): string {
  return `epoch/${epoch}/ratchets/${block}`;
}

/** A secret tree has a node for every node of the ratchet tree; only the leaves' are ever used. */
function blockCount(tree: SecretTree): number {
  return Math.ceil((tree.length + 1) / 2 / LEAVES_PER_RECORD);
}

function blockOf(tree: SecretTree, block: number): SecretTreeNode[] {
  const first = 2 * LEAVES_PER_RECORD * block;
  return tree.slice(first, first + 2 * LEAVES_PER_RECORD).filter((_node, index) => index % 2 === 0);
}

/** Without the arrays of `blockOf`: asked for every block at every message. */
function sameBlock(tree: SecretTree, before: SecretTree, block: number): boolean {
  if (tree === before) return true;
  const first = 2 * LEAVES_PER_RECORD * block;
  for (let index = first; index < first + 2 * LEAVES_PER_RECORD; index += 2) {
    if (tree[index] !== before[index]) return false;
  }
  return true;
}

function sameKeys<Key>(a: ReadonlyMap<Key, unknown>, b: ReadonlyMap<Key, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

const EMPTY = new Uint8Array(0);
const NO_RATCHET = { secret: EMPTY, generation: 0, unusedGenerations: {} };
const UNUSED_NODE: SecretTreeNode = { handshake: NO_RATCHET, application: NO_RATCHET };

/** As the library's encoder of secret trees does it; written at every message. */
function encodeRatchets(nodes: readonly SecretTreeNode[]): Uint8Array {
  const ratchets = nodes.flatMap(({ handshake, application }) => [handshake, application]);
  const length = ratchets.reduce((sum, ratchet) => sum + ratchetBytes(ratchet), 0);
  const writer = new TlsWriter(vectorBytes(length)).vectorLength(length);
  for (const { generation, secret, unusedGenerations } of ratchets) {
    writer.vector(secret).uint32(generation).vectorLength(unusedBytes(unusedGenerations));
    for (const [unused, kept] of Object.entries(unusedGenerations)) {
      writer.uint32(Number(unused)).vector(kept);
    }
  }
  return writer.bytes;
}

function ratchetBytes({ secret, unusedGenerations }: GenerationSecret): number {
  return vectorBytes(secret.length) + 4 + vectorBytes(unusedBytes(unusedGenerations));
}

function unusedBytes(unused: GenerationSecret["unusedGenerations"]): number {
  let bytes = 0;
  for (const kept of Object.values(unused)) bytes += 4 + vectorBytes(kept.length);
  return bytes;
}

const decodeRatchets = decodeVarLenType(decodeSecretTreeNode);

type StateRecord = Pick<SavedState, "keySchedule" | "privatePath" | "confirmationTag"> & {
  readonly epoch: bigint;
};

const encodeState = encode(
  contramapBufferEncoders(
    [uint64Encoder, keyScheduleEncoder, privateKeyPathEncoder, varLenDataEncoder],
    (state: StateRecord): [bigint, KeySchedule, PrivateKeyPath, Uint8Array] => [
      state.epoch,
      state.keySchedule,
      state.privatePath,
      state.confirmationTag,
    ],
  ),
);
const decodeState = mapDecoders(
  [decodeUint64, decodeKeySchedule, decodePrivateKeyPath, decodeVarLenData],
  (epoch, keySchedule, privatePath, confirmationTag): StateRecord => ({
    epoch,
    keySchedule,
    privatePath,
    confirmationTag,
  }),
);

const memberEncoder = contramapBufferEncoders(
  [uint32Encoder, varLenDataEncoder, varLenDataEncoder],
  ({ leaf, userId, publicKey }: GroupMember): [number, Uint8Array, Uint8Array] => [
    leaf,
    userId,
    publicKey,
  ],
);
const decodeMember = mapDecoders(
  [decodeUint32, decodeVarLenData, decodeVarLenData],
  (leaf, userId, publicKey): GroupMember => ({ leaf, userId, publicKey }),
);

interface EpochRecord extends Pick<EpochReceiverData, "groupContext" | "senderDataSecret"> {
  /** Nodes of its trees. */
  readonly width: number;
  readonly members: GroupMember[];
}

const encodeEpoch = encode(
  contramapBufferEncoders(
    [groupContextEncoder, varLenDataEncoder, uint32Encoder, varLenTypeEncoder(memberEncoder)],
    (epoch: EpochRecord): [GroupContext, Uint8Array, number, GroupMember[]] => [
      epoch.groupContext,
      epoch.senderDataSecret,
      epoch.width,
      epoch.members,
    ],
  ),
);
const decodeEpoch = mapDecoders(
  [decodeGroupContext, decodeVarLenData, decodeUint32, decodeVarLenType(decodeMember)],
  (groupContext, senderDataSecret, width, members): EpochRecord => ({
    groupContext,
    senderDataSecret,
    width,
    members,
  }),
);
