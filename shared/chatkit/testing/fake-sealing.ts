import * as v from "valibot";
import type { ConversationId, DeviceId, EnvelopeHeader, MessageId } from "../../protocol/index.ts";
import { KEY_BYTES, NONCE_BYTES, openContent, sealContent } from "../../crypto/index.ts";
import type { Opened, OpenRequest, Sealed, Sealing, SealRequest } from "../sealing/sealing.ts";
import type { Store, StoreWrite } from "../store.ts";
import { seededRandom } from "./test-ports.ts";

const Saved = v.object({ next: v.number(), used: v.array(v.string()) });
const GENERATION_BYTES = 4;
const PREFIX = "fake-group/";

/** What all devices of a test know in place of MLS: the key of every message. */
export class FakeGroups {
  /** Generations under which a device sent two different things: in MLS, that gives plaintext away. */
  readonly reused: string[] = [];
  readonly #keys = new Map<string, Uint8Array>();
  readonly #seen = new Map<string, string>();
  readonly #random = seededRandom(4_242);

  keyOf(ratchet: string): Uint8Array {
    let key = this.#keys.get(ratchet);
    if (key === undefined) {
      key = this.#random.bytes(KEY_BYTES);
      this.#keys.set(ratchet, key);
    }
    return key;
  }

  nonce(): Uint8Array {
    return this.#random.bytes(NONCE_BYTES);
  }

  /** These bytes have left the device that sealed them. */
  witness(ratchet: string, sealed: Uint8Array): void {
    const text = sealed.join();
    const before = this.#seen.get(ratchet);
    if (before !== undefined && before !== text) this.reused.push(ratchet);
    this.#seen.set(ratchet, text);
  }
}

/** A conversation as one device has it: a ratchet that only goes forwards, and what it has opened. */
interface Group {
  next: number;
  readonly used: Set<string>;
}

/**
 * Sealing as delivery must expect it of MLS: every sealing takes the next generation, every generation
 * opens once, what changed is lost unless it is saved; and at a test's word the group is not ready, is
 * behind, or has lost keys.
 */
export class FakeSealing implements Sealing {
  readonly unreadableTold: MessageId[] = [];
  /** How often something was sealed. */
  seals = 0;
  readonly #shared: FakeGroups;
  readonly #self: DeviceId;
  readonly #store: Store;
  readonly #first: number;
  readonly #groups = new Map<ConversationId, Group>();
  readonly #dirty = new Set<ConversationId>();
  #saved: Promise<ReadonlyMap<string, string>> | undefined;
  #notReady: PromiseWithResolvers<boolean> | undefined;
  #behind: PromiseWithResolvers<boolean> | undefined;
  #lost = 0;

  /** @param first the first generation, so that two of one device do not meet */
  constructor(shared: FakeGroups, self: DeviceId, store: Store, first = 0) {
    this.#shared = shared;
    this.#self = self;
    this.#store = store;
    this.#first = first;
  }

  /** From now on nothing can be sealed, until `makeReady`. */
  makeNotReady(): void {
    this.#notReady ??= Promise.withResolvers();
  }

  /** @param soon false: the server was not reached */
  makeReady(soon = true): void {
    this.#notReady?.resolve(soon);
    this.#notReady = undefined;
  }

  /** From now on what comes must wait, until `catchUp`. */
  fallBehind(): void {
    this.#behind ??= Promise.withResolvers();
  }

  catchUp(soon = true): void {
    this.#behind?.resolve(soon);
    this.#behind = undefined;
  }

  /** The keys of that many messages, of those that come next, are gone. */
  loseKeys(count: number): void {
    this.#lost = count;
  }

  async seal(request: SealRequest): Promise<Sealed> {
    const group = await this.#group(request.conversationId);
    if (this.#notReady !== undefined) return { kind: "not-ready", ready: this.#notReady.promise };
    const generation = group.next++;
    this.seals++;
    this.#dirty.add(request.conversationId);
    const header = { ...request, from: this.#self };
    const key = this.#shared.keyOf(ratchetOf(header, generation));
    const content = sealContent(key, this.#shared.nonce(), bindingOf(header), request.plaintext);
    const bytes = new Uint8Array(GENERATION_BYTES + content.length);
    new DataView(bytes.buffer).setUint32(0, generation);
    bytes.set(content, GENERATION_BYTES);
    return { kind: "sealed", bytes };
  }

  async open({ header, sealed }: OpenRequest): Promise<Opened> {
    const group = await this.#group(header.conversationId);
    if (this.#behind !== undefined) return { kind: "behind", ready: this.#behind.promise };
    if (sealed.length < GENERATION_BYTES) return unreadable("malformed");
    const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const ratchet = ratchetOf(header, view.getUint32(0));
    const content = sealed.subarray(GENERATION_BYTES);
    const plaintext = openContent(this.#shared.keyOf(ratchet), bindingOf(header), content);
    if (plaintext === undefined) return unreadable("forged");
    this.#shared.witness(ratchet, sealed);
    if (group.used.has(ratchet)) return unreadable("used");
    group.used.add(ratchet);
    this.#dirty.add(header.conversationId);
    if (this.#lost > 0) {
      this.#lost--;
      return unreadable("lost");
    }
    return { kind: "opened", plaintext };
  }

  unreadable(_conversation: ConversationId, _device: DeviceId, message: MessageId): void {
    this.unreadableTold.push(message);
  }

  takeWrites(): readonly StoreWrite[] {
    const writes = [...this.#dirty].flatMap((conversationId): StoreWrite[] => {
      const group = this.#groups.get(conversationId);
      if (group === undefined) return [];
      const value = JSON.stringify({ next: group.next, used: [...group.used] });
      return [{ type: "put-value", key: PREFIX + conversationId, value }];
    });
    this.#dirty.clear();
    return writes;
  }

  rollBack(): void {
    this.#groups.clear();
    this.#dirty.clear();
    this.#saved = undefined;
  }

  async #group(conversationId: ConversationId): Promise<Group> {
    for (;;) {
      this.#saved ??= this.#store.values(PREFIX);
      const reading = this.#saved;
      const saved = (await reading).get(PREFIX + conversationId);
      // Rolled back while it was read.
      if (reading !== this.#saved) continue;
      let group = this.#groups.get(conversationId);
      if (group === undefined) {
        const { next, used } =
          saved === undefined ? { next: this.#first, used: [] } : v.parse(Saved, JSON.parse(saved));
        group = { next, used: new Set(used) };
        this.#groups.set(conversationId, group);
      }
      return group;
    }
  }
}

function unreadable(why: string): Opened {
  return { kind: "unreadable", error: new Error(why) };
}

type Bound = Pick<EnvelopeHeader, "conversationId" | "from" | "id" | "sequence">;

function ratchetOf({ conversationId, from }: Bound, generation: number): string {
  return `${conversationId}/${from}/${generation}`;
}

function bindingOf({ conversationId, from, id, sequence }: Bound): Uint8Array {
  return new TextEncoder().encode([conversationId, from, id, sequence].join());
}
