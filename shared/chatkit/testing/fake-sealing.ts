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

/** Something that is the matter, for one conversation or all, until it is over. */
class Switch {
  #over: PromiseWithResolvers<boolean> | undefined;
  #only: ConversationId | undefined;

  turnOn(only: ConversationId | undefined): void {
    this.#over ??= Promise.withResolvers();
    this.#only = only;
  }

  turnOff(soon: boolean): void {
    this.#over?.resolve(soon);
    this.#over = undefined;
  }

  waitFor(conversationId: ConversationId): Promise<boolean> | undefined {
    const concerns = this.#only === undefined || this.#only === conversationId;
    return concerns ? this.#over?.promise : undefined;
  }
}

/**
 * Sealing as delivery must expect it of MLS: every sealing takes the next generation, every generation
 * opens once, what changed is lost unless it is saved; and at a test's word the group is not ready, is
 * behind, or has lost keys.
 */
export class FakeSealing implements Sealing {
  readonly unreadableTold: MessageId[] = [];
  /** How often something was sealed, and how often opening was tried. */
  seals = 0;
  opens = 0;
  readonly #shared: FakeGroups;
  readonly #self: DeviceId;
  readonly #store: Store;
  readonly #first: number;
  readonly #groups = new Map<ConversationId, Group>();
  readonly #dirty = new Set<ConversationId>();
  #saved: Promise<ReadonlyMap<string, string>> | undefined;
  readonly #notReady = new Switch();
  readonly #behind = new Switch();
  #lost = 0;

  /** @param first the first generation, so that two of one device do not meet */
  constructor(shared: FakeGroups, self: DeviceId, store: Store, first = 0) {
    this.#shared = shared;
    this.#self = self;
    this.#store = store;
    this.#first = first;
  }

  /** From now on nothing can be sealed, in that conversation or in any, until `makeReady`. */
  makeNotReady(conversationId?: ConversationId): void {
    this.#notReady.turnOn(conversationId);
  }

  /** @param soon false: the server was not reached */
  makeReady(soon = true): void {
    this.#notReady.turnOff(soon);
  }

  /** From now on what comes, in that conversation or in any, must wait until `catchUp`. */
  fallBehind(conversationId?: ConversationId): void {
    this.#behind.turnOn(conversationId);
  }

  catchUp(soon = true): void {
    this.#behind.turnOff(soon);
  }

  /** The keys of that many messages, of those that come next, are gone. */
  loseKeys(count: number): void {
    this.#lost = count;
  }

  async seal(request: SealRequest): Promise<Sealed> {
    const group = await this.#group(request.conversationId);
    const ready = this.#notReady.waitFor(request.conversationId);
    if (ready !== undefined) return { kind: "not-ready", ready };
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
    this.opens++;
    const group = await this.#group(header.conversationId);
    const ready = this.#behind.waitFor(header.conversationId);
    if (ready !== undefined) return { kind: "behind", ready };
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
