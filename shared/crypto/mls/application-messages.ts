import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { ClientState, SecretTree } from "ts-mls";
import { checkCanSendApplicationMessages } from "ts-mls/clientState.js";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import { ratchetToGeneration } from "ts-mls/secretTree.js";
import type { SenderData } from "ts-mls/sender.js";
import type { Mac } from "../native-crypto.ts";
import type { CipherSuite, DirectPrimitives } from "./cipher-suites.ts";
import { KEY_RETENTION } from "./client-config.ts";
import { firstBlock, type Hashes } from "./hashes.ts";
import {
  decodeContent,
  decodeSenderData,
  encodeApplicationMessage,
  encodeContent,
  encodeSenderData,
  messageHead,
  signedContent,
  type ApplicationMessage,
} from "./message-framing.ts";
import { MlsError, type OpenedMessage } from "./mls-types.ts";
import { TlsWriter, vectorBytes } from "./tls-bytes.ts";
import { deviceOfLeaf } from "./wire.ts";

/*
 * Application messages (RFC 9420 §6.3, §9) by this project's own framing, byte for byte what the
 * library makes and takes; it takes twenty times as long as the primitives below it. Handshake
 * messages are the library's.
 */

const NONCE_BYTES = 12;
const GUARD_BYTES = 4;

/** The ratchets after a message, and what of them is used up and to be overwritten. */
export interface Ratcheted {
  readonly secretTree: SecretTree;
  readonly consumed: readonly Uint8Array[];
}

/**
 * @param padTo the content is padded with zeros to at least that many bytes
 * @throws Error where nothing can be sealed in that state
 */
export async function sealApplication(
  state: ClientState,
  plaintext: Uint8Array,
  additional: Uint8Array,
  padTo: number,
  { direct, rng }: CipherSuite,
): Promise<Ratcheted & { readonly message: Uint8Array }> {
  checkCanSendApplicationMessages(state);
  const { groupContext, keySchedule, privatePath, secretTree, signaturePrivateKey } = state;
  const { leafIndex } = privatePath;
  const { aead, aeadKeyBytes, curves, hashes } = direct;
  const signed = signedContent(groupContext, leafIndex, additional, plaintext);
  const signature = await curves.sign(signaturePrivateKey, signed);
  const reuseGuard = rng.randomBytes(GUARD_BYTES);
  const { generation, key, nonce, ...ratcheted } = nextKey(secretTree, leafIndex, direct);
  guard(nonce, reuseGuard);
  const head = messageHead(groupContext, additional);
  const content = encodeContent(plaintext, signature, padTo);
  const ciphertext = await aead.encrypt(key, nonce, head.contentContext, content);
  const sender = senderKeys(keySchedule.senderDataSecret, ciphertext, hashes, aeadKeyBytes);
  const senderData = await aead.encrypt(
    sender.key,
    sender.nonce,
    head.senderDataContext,
    encodeSenderData(leafIndex, generation, reuseGuard),
  );
  return { message: encodeApplicationMessage(head, senderData, ciphertext), ...ratcheted };
}

/**
 * Nothing is changed: the caller takes the ratchets over, and overwrites what is used up.
 * @throws MlsError used, invalid; Error for a broken tag, sender data or content
 */
export async function openApplication(
  keys: EpochReceiverData,
  message: ApplicationMessage,
  suite: CipherSuite,
): Promise<Ratcheted & { readonly opened: OpenedMessage }> {
  const { aead, aeadKeyBytes, curves, hashes } = suite.direct;
  const { ciphertext } = message;
  const sender = senderKeys(keys.senderDataSecret, ciphertext, hashes, aeadKeyBytes);
  const senderData = decodeSenderData(
    await aead.decrypt(
      sender.key,
      sender.nonce,
      message.senderDataContext,
      message.encryptedSenderData,
    ),
  );
  const { leafIndex } = senderData;
  const node = keys.ratchetTree[2 * leafIndex];
  const device = node?.nodeType === "leaf" ? deviceOfLeaf(node.leaf) : undefined;
  if (device === undefined) throw new MlsError("invalid", "of nobody in the group");
  const { key, nonce, ...ratcheted } = await keyOf(keys.secretTree, senderData, suite);
  const { plaintext, signature } = decodeContent(
    await aead.decrypt(key, nonce, message.contentContext, ciphertext),
  );
  const signed = signedContent(keys.groupContext, leafIndex, message.additional, plaintext);
  if (!(await curves.verify(device.publicKey, signed, signature))) {
    throw new MlsError("invalid", "signed by another");
  }
  return {
    opened: {
      plaintext,
      additional: message.additional.slice(),
      sender: { leaf: leafIndex, ...device },
    },
    ...ratcheted,
  };
}

interface RatchetedKey extends Ratcheted {
  readonly generation: number;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/** @throws MlsError used; Error for a generation that is too far ahead */
async function keyOf(
  secretTree: SecretTree,
  sender: SenderData,
  suite: CipherSuite,
): Promise<Omit<RatchetedKey, "generation">> {
  const { generation, leafIndex } = sender;
  const ratchet = secretTree[2 * leafIndex]?.application;
  if (ratchet === undefined) throw new MlsError("invalid", "of nobody in the group");
  if (ratchet.generation === generation) {
    const next = nextKey(secretTree, leafIndex, suite.direct);
    guard(next.nonce, sender.reuseGuard);
    return next;
  }
  if (ratchet.generation > generation && ratchet.unusedGenerations[generation] === undefined) {
    throw new MlsError("used", "its key was used");
  }
  const { newTree, ...rest } = await ratchetToGeneration(
    secretTree,
    sender,
    "application",
    KEY_RETENTION,
    suite,
  );
  return { ...rest, secretTree: newTree };
}

/** The key of a leaf's present generation, and the ratchets one step on (§9.1). */
function nextKey(
  secretTree: SecretTree,
  leafIndex: number,
  { hashes, aeadKeyBytes }: DirectPrimitives,
): RatchetedKey {
  const index = 2 * leafIndex;
  const node = secretTree[index];
  if (node === undefined) throw new MlsError("invalid", "a leaf that has no keys");
  const { secret, generation } = node.application;
  const mac = hashes.mac(secret);
  const context = new TlsWriter(4).uint32(generation).bytes;
  const key = expandWithLabel(mac, KEY, context, aeadKeyBytes);
  const nonce = expandWithLabel(mac, NONCE, context, NONCE_BYTES);
  const next = expandWithLabel(mac, SECRET, context, hashes.outputBytes);
  mac.destroy();
  const application = { ...node.application, secret: next, generation: generation + 1 };
  const after = secretTree.slice();
  after[index] = { ...node, application };
  return { generation, key, nonce, secretTree: after, consumed: [secret, key] };
}

/** By what the sender data of one message is encrypted (§6.3.2). */
function senderKeys(
  senderDataSecret: Uint8Array,
  ciphertext: Uint8Array,
  hashes: Hashes,
  keyBytes: number,
): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
  const mac = hashes.mac(senderDataSecret);
  const sample = ciphertext.subarray(0, hashes.outputBytes);
  const key = expandWithLabel(mac, KEY, sample, keyBytes);
  const nonce = expandWithLabel(mac, NONCE, sample, NONCE_BYTES);
  mac.destroy();
  return { key, nonce };
}

/** A nonce that two messages under one key would still differ in (§6.3.1). */
function guard(nonce: Uint8Array, reuseGuard: Uint8Array): void {
  for (const [at, byte] of reuseGuard.entries()) nonce[at] = (nonce[at] ?? 0) ^ byte;
}

const KEY = utf8ToBytes("MLS 1.0 key");
const NONCE = utf8ToBytes("MLS 1.0 nonce");
const SECRET = utf8ToBytes("MLS 1.0 secret");

/** ExpandWithLabel (§8). @param label with its "MLS 1.0 " in front */
function expandWithLabel(
  mac: Mac,
  label: Uint8Array,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const info = new TlsWriter(2 + vectorBytes(label.length) + vectorBytes(context.length));
  return firstBlock(mac, info.uint16(length).vector(label).vector(context).bytes, length);
}
