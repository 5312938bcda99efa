import * as v from "valibot";
import type { ConversationId, DeviceId, MessageId } from "../../protocol/index.ts";
import {
  decodeBase64,
  encodeBase64,
  KEY_BYTES,
  openContent,
  sealContent,
  unwrapKey,
  wrapKey,
  type KeyPair,
} from "../../crypto/index.ts";
import { MAX_KEYS_PER_SENDER, SEAL_KEY_MAX_AGE_MS, SEAL_KEY_MAX_MESSAGES } from "../limits.ts";
import type { Clock, OpenRequest, Random, Sealer, SealRequest } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";
import { Nonces } from "./nonces.ts";
import { SealError } from "./seal-error.ts";
import {
  contentBinding,
  decodeSealed,
  encodeSealed,
  KEY_ID_BYTES,
  keyBinding,
} from "./sealed-format.ts";

/** Messages remembered under a key that its recipient has not confirmed. */
const MAX_UNCONFIRMED_IDS = 256;

interface SendingKey {
  readonly id: Uint8Array;
  readonly key: Uint8Array;
  readonly recipientKey: Uint8Array;
  readonly madeAt: number;
  confirmed: boolean;
  /** Sealed for the recipient; made when first needed. */
  wrapped: Uint8Array | undefined;
  messages: number;
  /** Messages whose acknowledgement shows that the recipient has the key. */
  readonly unconfirmedIds: Set<MessageId>;
}

interface ReceivingKey {
  readonly key: Uint8Array;
  /** The sending device's public key for which it was unwrapped. */
  readonly senderKey: Uint8Array;
}

const SavedSendingKey = v.object({
  id: v.string(),
  key: v.string(),
  recipient: v.string(),
  madeAt: v.number(),
  confirmed: v.boolean(),
});
const SavedReceivingKey = v.object({ key: v.string(), sender: v.string() });

const SENDING = "seal/out/";
const RECEIVING = "seal/in/";

/**
 * The engine's sealing: a random key for each conversation and recipient device, wrapped by key
 * agreement in every message until that device has acknowledged one, from then on named only. A
 * new key follows when the recipient's public key changes, and after a number of messages or days.
 */
export class ConversationKeys implements Sealer {
  readonly #identity: KeyPair;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #nonces: Nonces;
  /** By conversation and recipient device. */
  readonly #sending = new Map<string, SendingKey>();
  /** By conversation and sending device; within it by key id, oldest first. */
  readonly #receiving = new Map<string, Map<string, ReceivingKey>>();
  /** Not saved yet. */
  readonly #dirty = new Map<string, StoreWrite>();

  constructor(options: { identity: KeyPair; clock: Clock; random: Random }) {
    this.#identity = options.identity;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#nonces = new Nonces(options.random);
  }

  /** Takes up what was saved. @throws StoreError */
  async load(store: Store): Promise<void> {
    for (const [name, value] of await store.values(SENDING)) {
      const saved = v.parse(SavedSendingKey, JSON.parse(value));
      this.#sending.set(name.slice(SENDING.length), {
        id: decodeBase64(saved.id),
        key: decodeBase64(saved.key),
        recipientKey: decodeBase64(saved.recipient),
        madeAt: saved.madeAt,
        confirmed: saved.confirmed,
        wrapped: undefined,
        messages: 0,
        unconfirmedIds: new Set(),
      });
    }
    for (const [name, value] of await store.values(RECEIVING)) {
      const saved = v.parse(SavedReceivingKey, JSON.parse(value));
      const end = name.lastIndexOf("/");
      this.#receivingOf(name.slice(RECEIVING.length, end)).set(name.slice(end + 1), {
        key: decodeBase64(saved.key),
        senderKey: decodeBase64(saved.sender),
      });
    }
  }

  seal(request: SealRequest): Promise<Uint8Array> {
    // Synchronous inside: nothing here waits, and order is kept for free.
    try {
      return Promise.resolve(this.#seal(request));
    } catch (error) {
      return Promise.reject(
        new SealError("bad-recipient-key", "Nothing can be sealed for that device.", {
          cause: error,
        }),
      );
    }
  }

  #seal({ header, recipientKey, plaintext, again }: SealRequest): Uint8Array {
    const place = `${header.conversationId}/${header.to}`;
    let sending = this.#sending.get(place);
    if (sending === undefined || this.#isSpent(sending, recipientKey)) {
      sending = this.#newKey(recipientKey);
      this.#sending.set(place, sending);
      this.#saveSending(place, sending);
    }
    sending.messages++;
    let wrapped: Uint8Array | undefined;
    if (!sending.confirmed || again === true) {
      sending.wrapped ??= wrapKey(
        this.#identity,
        recipientKey,
        this.#random.bytes(KEY_BYTES),
        keyBinding(header, sending.id),
        sending.key,
      );
      wrapped = sending.wrapped;
    }
    if (!sending.confirmed && sending.unconfirmedIds.size < MAX_UNCONFIRMED_IDS) {
      sending.unconfirmedIds.add(header.id);
    }
    const content = sealContent(
      sending.key,
      this.#nonces.next(),
      contentBinding(header, sending.id),
      plaintext,
    );
    return encodeSealed({ keyId: sending.id, wrapped, content });
  }

  #isSpent(sending: SendingKey, recipientKey: Uint8Array): boolean {
    const age = this.#clock.now() - sending.madeAt;
    return (
      sending.messages >= SEAL_KEY_MAX_MESSAGES ||
      // A clock that was set back gives a negative age: no reason to make a key per message.
      age > SEAL_KEY_MAX_AGE_MS ||
      !sameBytes(sending.recipientKey, recipientKey)
    );
  }

  #newKey(recipientKey: Uint8Array): SendingKey {
    return {
      id: this.#random.bytes(KEY_ID_BYTES),
      key: this.#random.bytes(KEY_BYTES),
      recipientKey: Uint8Array.from(recipientKey),
      madeAt: this.#clock.now(),
      confirmed: false,
      wrapped: undefined,
      messages: 0,
      unconfirmedIds: new Set(),
    };
  }

  confirm(conversationId: ConversationId, device: DeviceId, message: MessageId): void {
    const place = `${conversationId}/${device}`;
    const sending = this.#sending.get(place);
    if (sending === undefined || !sending.unconfirmedIds.has(message)) return;
    sending.confirmed = true;
    sending.unconfirmedIds.clear();
    this.#saveSending(place, sending);
  }

  open(request: OpenRequest): Promise<Uint8Array> {
    const opened = this.#open(request);
    return opened instanceof SealError ? Promise.reject(opened) : Promise.resolve(opened);
  }

  #open({ header, senderKey, sealed }: OpenRequest): Uint8Array | SealError {
    const parts = decodeSealed(sealed);
    if (parts === undefined) return new SealError("damaged", "The sealed bytes are malformed.");
    const place = `${header.conversationId}/${header.from}`;
    const keyName = nameOf(parts.keyId);
    const known = this.#receiving.get(place)?.get(keyName);
    let key = known !== undefined && sameBytes(known.senderKey, senderKey) ? known.key : undefined;
    const isNew = key === undefined;
    if (key === undefined) {
      if (parts.wrapped === undefined) {
        return new SealError("unknown-key", "The message is sealed with an unknown key.");
      }
      const binding = keyBinding(header, parts.keyId);
      key = unwrapKey(this.#identity, senderKey, binding, parts.wrapped);
    }
    const plaintext = key && openContent(key, contentBinding(header, parts.keyId), parts.content);
    if (key === undefined || plaintext === undefined) {
      return new SealError("damaged", "The message is damaged, or was not sealed for this device.");
    }
    if (isNew) this.#remember(place, keyName, { key, senderKey: Uint8Array.from(senderKey) });
    return plaintext;
  }

  #remember(place: string, keyName: string, received: ReceivingKey): void {
    const keys = this.#receivingOf(place);
    keys.set(keyName, received);
    this.#put(
      `${RECEIVING}${place}/${keyName}`,
      JSON.stringify({
        key: encodeBase64(received.key),
        sender: encodeBase64(received.senderKey),
      }),
    );
    for (const oldest of keys.keys()) {
      if (keys.size <= MAX_KEYS_PER_SENDER) break;
      keys.delete(oldest);
      const name = `${RECEIVING}${place}/${oldest}`;
      this.#dirty.set(name, { type: "delete-value", key: name });
    }
  }

  #receivingOf(place: string): Map<string, ReceivingKey> {
    let keys = this.#receiving.get(place);
    if (keys === undefined) {
      keys = new Map();
      this.#receiving.set(place, keys);
    }
    return keys;
  }

  #saveSending(place: string, sending: SendingKey): void {
    this.#put(
      SENDING + place,
      JSON.stringify({
        id: encodeBase64(sending.id),
        key: encodeBase64(sending.key),
        recipient: encodeBase64(sending.recipientKey),
        madeAt: sending.madeAt,
        confirmed: sending.confirmed,
      }),
    );
  }

  #put(key: string, value: string): void {
    this.#dirty.set(key, { type: "put-value", key, value });
  }

  /**
   * What must be saved in the commit that makes an opened message durable, before it is
   * acknowledged: the acknowledgement tells the sender that the key need not be repeated.
   */
  takeWrites(): readonly StoreWrite[] {
    if (this.#dirty.size === 0) return [];
    const writes = [...this.#dirty.values()];
    this.#dirty.clear();
    return writes;
  }

  /** The commit failed: the same writes belong to the next one. */
  putBack(writes: readonly StoreWrite[]): void {
    for (const write of writes) {
      if (write.type !== "put-value" && write.type !== "delete-value") continue;
      if (!this.#dirty.has(write.key)) this.#dirty.set(write.key, write);
    }
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** A key's id as part of a value's name, where a slash separates. */
function nameOf(keyId: Uint8Array): string {
  return encodeBase64(keyId).replaceAll("/", "_");
}
