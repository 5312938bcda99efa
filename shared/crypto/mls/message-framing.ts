import type { GroupContext } from "ts-mls";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { decodeSenderData as decode, type SenderData } from "ts-mls/sender.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { TlsReader, TlsWriter, vectorBytes } from "./tls-bytes.ts";
import { MlsError } from "./mls-types.ts";
import { MAX_MLS_BYTES } from "./wire.ts";

/*
 * An application message on the wire (RFC 9420 §6.3): MLSMessage with a PrivateMessage.
 *
 * version, wire format | group id, epoch, content type | authenticated data | encrypted sender data | ciphertext
 *                        `------ context of sender data ------'
 *                        `-------------- context of the content ---------'
 *
 * Both contexts (PrivateContentAAD, SenderDataAAD) stand in the message as they are, so nothing is
 * encoded twice.
 */

const MLS10 = 1;
const PRIVATE_MESSAGE = 2;
const APPLICATION = 1;
const MEMBER = 1;
/** Version and wire format. */
const PREAMBLE_BYTES = 4;
const SIGNATURE_LABEL = utf8ToBytes("MLS 1.0 FramedContentTBS");

/** The start of a message, up to what is encrypted. */
export interface MessageHead {
  readonly bytes: Uint8Array;
  /** SenderDataAAD (§6.3.2). */
  readonly senderDataContext: Uint8Array;
  /** PrivateContentAAD (§6.3.1). */
  readonly contentContext: Uint8Array;
}

export interface ApplicationMessage extends MessageHead {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  /** Authenticated data. */
  readonly additional: Uint8Array;
  readonly encryptedSenderData: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export function messageHead({ groupId, epoch }: GroupContext, additional: Uint8Array): MessageHead {
  const context = vectorBytes(groupId.length) + 8 + 1;
  const { bytes } = new TlsWriter(PREAMBLE_BYTES + context + vectorBytes(additional.length))
    .uint16(MLS10)
    .uint16(PRIVATE_MESSAGE)
    .vector(groupId)
    .uint64(epoch)
    .uint8(APPLICATION)
    .vector(additional);
  return headOf(bytes, PREAMBLE_BYTES + context);
}

function headOf(bytes: Uint8Array, contextEnd: number): MessageHead {
  return {
    bytes,
    senderDataContext: bytes.subarray(PREAMBLE_BYTES, contextEnd),
    contentContext: bytes.subarray(PREAMBLE_BYTES),
  };
}

export function encodeApplicationMessage(
  { bytes }: MessageHead,
  encryptedSenderData: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const rest = vectorBytes(encryptedSenderData.length) + vectorBytes(ciphertext.length);
  return new TlsWriter(bytes.length + rest)
    .raw(bytes)
    .vector(encryptedSenderData)
    .vector(ciphertext).bytes;
}

/** @throws MlsError malformed: anything but a private message with application data */
export function decodeApplicationMessage(message: Uint8Array): ApplicationMessage {
  if (message.length > MAX_MLS_BYTES) {
    throw new MlsError("malformed", "longer than any MLS message");
  }
  try {
    const reader = new TlsReader(message);
    const isPrivate = reader.uint16() === MLS10 && reader.uint16() === PRIVATE_MESSAGE;
    if (!isPrivate) throw new RangeError("another wire format");
    const groupId = reader.vector();
    const epoch = reader.uint64();
    if (reader.uint8() !== APPLICATION) throw new RangeError("a handshake message");
    const contextEnd = reader.at;
    const additional = reader.vector();
    const head = headOf(message.subarray(0, reader.at), contextEnd);
    const encryptedSenderData = reader.vector();
    const ciphertext = reader.vector();
    if (reader.at !== message.length) throw new RangeError("something behind it");
    return { ...head, groupId, epoch, additional, encryptedSenderData, ciphertext };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MlsError("malformed", "no sealed message", { cause });
  }
}

/** What the sender signs (§6.1, FramedContentTBS with §5.1.2's label). */
export function signedContent(
  context: GroupContext,
  leaf: number,
  additional: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const { groupId, epoch } = context;
  const encodedContext = contextBytes(context);
  const length =
    2 +
    2 +
    vectorBytes(groupId.length) +
    8 +
    1 +
    4 +
    vectorBytes(additional.length) +
    1 +
    vectorBytes(plaintext.length) +
    encodedContext.length;
  const content = new TlsWriter(length)
    .uint16(MLS10)
    .uint16(PRIVATE_MESSAGE)
    .vector(groupId)
    .uint64(epoch)
    .uint8(MEMBER)
    .uint32(leaf)
    .vector(additional)
    .uint8(APPLICATION)
    .vector(plaintext)
    .raw(encodedContext).bytes;
  return new TlsWriter(vectorBytes(SIGNATURE_LABEL.length) + vectorBytes(content.length))
    .vector(SIGNATURE_LABEL)
    .vector(content).bytes;
}

/** PrivateMessageContent (§6.3.1), padded with zeros to at least `padTo` bytes. */
export function encodeContent(
  plaintext: Uint8Array,
  signature: Uint8Array,
  padTo: number,
): Uint8Array {
  const length = vectorBytes(plaintext.length) + vectorBytes(signature.length);
  return new TlsWriter(Math.max(length, padTo)).vector(plaintext).vector(signature).bytes;
}

/** @throws RangeError for what is none, or is padded with anything but zeros */
export function decodeContent(content: Uint8Array): {
  readonly plaintext: Uint8Array;
  readonly signature: Uint8Array;
} {
  const reader = new TlsReader(content);
  const plaintext = reader.vector();
  const signature = reader.vector();
  for (let at = reader.at; at < content.length; at += 1) {
    if (content[at] !== 0) throw new RangeError("padded with more than zeros");
  }
  return { plaintext, signature };
}

const SENDER_DATA_BYTES = 12;

/** Who sealed it, with which generation of their keys (§6.3.2, SenderData). */
export function encodeSenderData(
  leafIndex: number,
  generation: number,
  reuseGuard: Uint8Array,
): Uint8Array {
  return new TlsWriter(SENDER_DATA_BYTES).uint32(leafIndex).uint32(generation).raw(reuseGuard)
    .bytes;
}

/** @throws RangeError */
export function decodeSenderData(bytes: Uint8Array): SenderData {
  const decoded = bytes.length === SENDER_DATA_BYTES ? decode(bytes, 0) : undefined;
  if (decoded === undefined) throw new RangeError("no sender data");
  return decoded[0];
}

/** A context never changes, and is encoded once for all messages of its epoch. */
const ENCODED = new WeakMap<GroupContext, Uint8Array>();

function contextBytes(context: GroupContext): Uint8Array {
  const known = ENCODED.get(context);
  if (known !== undefined) return known;
  const encoded = encodeGroupContext(context);
  ENCODED.set(context, encoded);
  return encoded;
}
