import * as v from "valibot";
import { ConversationId, decodeId, DeviceId, encodeId, ID_BYTES, MessageId } from "./ids.ts";
import { MAX_ENVELOPE_BYTES } from "./limits.ts";
import { ProtocolError } from "./errors.ts";

/**
 * A sealed message or receipt for one recipient device; the same bytes on every path. All integers
 * are big-endian.
 *
 * | offset | bytes | field |
 * | --- | --- | --- |
 * | 0 | 1 | version, 1 |
 * | 1 | 4 | sequence |
 * | 5 | 4 | after |
 * | 9 | 16 | id |
 * | 25 | 16 | conversation |
 * | 41 | 16 | from |
 * | 57 | 16 | to |
 * | 73 | 1 | how it is sealed: 1 for the conversation's group, 2 for this device alone, 3 with a file's key |
 * | 74 | … | 1: an MLSMessage (RFC 9420 §6), the same for all recipients; 2: nonce, ciphertext, tag; 3: the 16 bytes of the file's message, the chunk's index (4 bytes) and the chunk (`crypto/chunked-seal.ts`) |
 *
 * Sequence, id, conversation and sender are authenticated together with the content. `after` and `to`
 * differ from recipient to recipient of one MLSMessage and are not; whoever changes them can make a
 * message late or lose it, as whoever carries it can. What is sealed for one device authenticates the
 * whole header. A chunk of a file, which waits in a mailbox (SPEC F12), authenticates its index alone:
 * whatever the rest says, it is that chunk of that file or none.
 */
export interface Envelope {
  /**
   * Counts a sender device's messages of a conversation, from 1. 0 for a receipt, which takes no
   * part in the order.
   */
  readonly sequence: number;
  /**
   * The sequence of the message before this one that went to this device; 0 if there is none. A
   * gap is a message missing between the two, never one that was not meant for this device.
   */
  readonly after: number;
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly from: DeviceId;
  readonly to: DeviceId;
  /** From the byte on that tells how it is sealed. */
  readonly sealed: Uint8Array;
}

export type EnvelopeHeader = Omit<Envelope, "sealed">;

const VERSION = 1;

/** The first sealed byte of an MLSMessage. */
export const GROUP_SEALED = 1;
/** The first sealed byte of a chunk of a file. */
export const FILE_SEALED = 3;
const FILE_CHUNK_AT = 1 + ID_BYTES + 4;
export const ENVELOPE_HEADER_BYTES = 9 + 4 * ID_BYTES;
export const MAX_SEALED_BYTES = MAX_ENVELOPE_BYTES - ENVELOPE_HEADER_BYTES;

/** The header's bytes: what a seal for one device binds as additional data. */
export function encodeEnvelopeHeader(header: EnvelopeHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ENVELOPE_HEADER_BYTES);
  writeHeader(header, bytes);
  return bytes;
}

/** @throws ProtocolError too-large */
export function encodeEnvelope(envelope: Envelope): Uint8Array<ArrayBuffer> {
  if (envelope.sealed.length > MAX_SEALED_BYTES) {
    throw new ProtocolError("too-large", `an envelope holds ${MAX_SEALED_BYTES} sealed bytes`);
  }
  const bytes = new Uint8Array(ENVELOPE_HEADER_BYTES + envelope.sealed.length);
  writeHeader(envelope, bytes);
  bytes.set(envelope.sealed, ENVELOPE_HEADER_BYTES);
  return bytes;
}

function writeHeader(header: EnvelopeHeader, bytes: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, header.sequence);
  view.setUint32(5, header.after);
  decodeId(header.id, bytes, 9);
  decodeId(header.conversationId, bytes, 9 + ID_BYTES);
  decodeId(header.from, bytes, 9 + 2 * ID_BYTES);
  decodeId(header.to, bytes, 9 + 3 * ID_BYTES);
}

/**
 * Reads an envelope; `sealed` is a view of `bytes`.
 * @throws ProtocolError invalid-params for foreign bytes, too-large
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length > MAX_ENVELOPE_BYTES) {
    throw new ProtocolError("too-large", `an envelope has at most ${MAX_ENVELOPE_BYTES} bytes`);
  }
  if (bytes.length <= ENVELOPE_HEADER_BYTES) {
    throw new ProtocolError("invalid-params", "The envelope is cut short.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== VERSION) {
    throw new ProtocolError("invalid-params", "The envelope is of an unknown version.");
  }
  const sequence = view.getUint32(1);
  const after = view.getUint32(5);
  if (sequence === 0 ? after !== 0 : after >= sequence) {
    throw new ProtocolError("invalid-params", "The envelope's sequence is not after the last.");
  }
  return {
    sequence,
    after,
    id: v.parse(MessageId, readId(bytes, 9)),
    conversationId: v.parse(ConversationId, readId(bytes, 9 + ID_BYTES)),
    from: v.parse(DeviceId, readId(bytes, 9 + 2 * ID_BYTES)),
    to: v.parse(DeviceId, readId(bytes, 9 + 3 * ID_BYTES)),
    sealed: bytes.subarray(ENVELOPE_HEADER_BYTES),
  };
}

function readId(bytes: Uint8Array, offset: number): string {
  return encodeId(bytes.subarray(offset, offset + ID_BYTES));
}

/**
 * The conversation that an envelope names, without reading the rest of it.
 * @returns undefined for bytes that are none
 */
export function envelopeConversation(bytes: Uint8Array): ConversationId | undefined {
  if (bytes[0] !== VERSION || bytes.length <= ENVELOPE_HEADER_BYTES) return undefined;
  return v.parse(ConversationId, readId(bytes, 9 + ID_BYTES));
}

/** A chunk of a file as it waits in a mailbox. */
export interface StoredChunk {
  /** The message that the file belongs to. */
  readonly messageId: MessageId;
  readonly index: number;
  readonly sealed: Uint8Array;
}

/** What an envelope holds of it. */
export function encodeStoredChunk({ index, messageId, sealed }: StoredChunk): Uint8Array {
  const bytes = new Uint8Array(FILE_CHUNK_AT + sealed.length);
  bytes[0] = FILE_SEALED;
  decodeId(messageId, bytes, 1);
  new DataView(bytes.buffer).setUint32(1 + ID_BYTES, index);
  bytes.set(sealed, FILE_CHUNK_AT);
  return bytes;
}

/** @returns undefined for anything else; `sealed` is a view of `bytes` */
export function decodeStoredChunk(bytes: Uint8Array): StoredChunk | undefined {
  if (bytes[0] !== FILE_SEALED || bytes.length < FILE_CHUNK_AT) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    messageId: v.parse(MessageId, readId(bytes, 1)),
    index: view.getUint32(1 + ID_BYTES),
    sealed: bytes.subarray(FILE_CHUNK_AT),
  };
}
