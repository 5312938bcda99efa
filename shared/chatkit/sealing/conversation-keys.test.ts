import { expect, test } from "vitest";
import * as v from "valibot";
import fc from "fast-check";
import { keyPairOf, WRAPPED_KEY_BYTES } from "../../crypto/index.ts";
import {
  ConversationId,
  MessageId,
  type DeviceId,
  type EnvelopeHeader,
} from "../../protocol/index.ts";
import { MAX_KEYS_PER_SENDER, SEAL_KEY_MAX_AGE_MS, SEAL_KEY_MAX_MESSAGES } from "../limits.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { ConversationKeys } from "./conversation-keys.ts";
import { SealError } from "./seal-error.ts";

const conversationId = v.parse(ConversationId, userIdOf(9));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

class Party {
  identity;
  readonly store = new MemoryStore();
  readonly device: DeviceId;
  readonly #clock: FakeClock;
  readonly #seed: number;
  keys: ConversationKeys;

  constructor(n: number, clock: FakeClock) {
    this.#seed = n;
    this.#clock = clock;
    this.device = deviceIdOf(n);
    this.identity = keyPairOf(seededRandom(n).bytes(32));
    this.keys = this.#make();
  }

  #make(): ConversationKeys {
    const random = seededRandom(this.#seed + 50);
    return new ConversationKeys({ identity: this.identity, clock: this.#clock, random });
  }

  async restart(): Promise<void> {
    await this.store.commit(this.keys.takeWrites());
    this.keys = this.#make();
    await this.keys.load(this.store);
  }
}

let message = 0;
function headerOf(from: Party, to: Party): EnvelopeHeader {
  message = (message % 100) + 1;
  return {
    sequence: message,
    after: 0,
    id: v.parse(MessageId, userIdOf(message)),
    conversationId,
    from: from.device,
    to: to.device,
  };
}

async function seal(from: Party, to: Party, again = false) {
  const header = headerOf(from, to);
  const recipientKey = to.identity.publicKey;
  const sealed = await from.keys.seal({ header, recipientKey, plaintext: bytes("hi"), again });
  return { header, sealed };
}

function open(to: Party, from: Party, message: { header: EnvelopeHeader; sealed: Uint8Array }) {
  return to.keys.open({ ...message, senderKey: from.identity.publicKey });
}

function people() {
  const clock = new FakeClock();
  return { clock, ada: new Party(1, clock), ben: new Party(2, clock), eve: new Party(3, clock) };
}

test("S4: the key travels until the device confirmed a message, from then on its name", async () => {
  const { ada, ben } = people();
  const first = await seal(ada, ben);
  const second = await seal(ada, ben);
  expect(second.sealed).toHaveLength(first.sealed.length);
  expect(await open(ben, ada, second)).toEqual(bytes("hi"));
  ada.keys.confirm(conversationId, ben.device, second.header.id);
  const third = await seal(ada, ben);
  expect(third.sealed).toHaveLength(first.sealed.length - WRAPPED_KEY_BYTES);
  expect(await open(ben, ada, third)).toEqual(bytes("hi"));
  expect(await open(ben, ada, first)).toEqual(bytes("hi"));
});

test("S4: a message that is sent again brings the key again", async () => {
  const { ada, ben } = people();
  const first = await seal(ada, ben);
  ada.keys.confirm(conversationId, ben.device, first.header.id);
  await expect(open(ben, ada, await seal(ada, ben))).rejects.toMatchObject({
    reason: "unknown-key",
  });
  expect(await open(ben, ada, await seal(ada, ben, true))).toEqual(bytes("hi"));
});

test("S4: only a message of this very key confirms it", async () => {
  const { ada, ben } = people();
  const first = await seal(ada, ben);
  ada.keys.confirm(conversationId, ben.device, v.parse(MessageId, userIdOf(120)));
  const second = await seal(ada, ben);
  expect(second.sealed).toHaveLength(first.sealed.length);
});

test("S5: both ends go on after a restart", async () => {
  const { ada, ben } = people();
  const first = await seal(ada, ben);
  await open(ben, ada, first);
  ada.keys.confirm(conversationId, ben.device, first.header.id);
  await ada.restart();
  await ben.restart();
  const second = await seal(ada, ben);
  expect(second.sealed).toHaveLength(first.sealed.length - WRAPPED_KEY_BYTES);
  expect(await open(ben, ada, second)).toEqual(bytes("hi"));
});

test("S5: keys that a failed commit did not save belong to the next", async () => {
  const { ada, ben } = people();
  await open(ben, ada, await seal(ada, ben));
  const writes = ben.keys.takeWrites();
  expect(writes).toHaveLength(1);
  expect(ben.keys.takeWrites()).toEqual([]);
  ben.keys.putBack(writes);
  expect(ben.keys.takeWrites()).toEqual(writes);
});

test("S6: a new key follows after a number of messages, after days, and for a new public key", async () => {
  const { ada, ben, clock, eve } = people();
  const confirmed = async (): Promise<number> => {
    const one = await seal(ada, ben);
    ada.keys.confirm(conversationId, ben.device, one.header.id);
    return one.sealed.length;
  };
  const long = await confirmed();
  const short = long - WRAPPED_KEY_BYTES;
  expect(await confirmed()).toBe(short);
  for (let n = 2; n < SEAL_KEY_MAX_MESSAGES; n++) await seal(ada, ben);
  expect([await confirmed(), await confirmed()]).toEqual([long, short]);
  await clock.advance(SEAL_KEY_MAX_AGE_MS + 1);
  expect([await confirmed(), await confirmed()]).toEqual([long, short]);
  ben.identity = eve.identity;
  expect([await confirmed(), await confirmed()]).toEqual([long, short]);
});

test("S6: of many keys of one sender the newest are kept", async () => {
  const { ada, ben, clock } = people();
  const first = await seal(ada, ben);
  await open(ben, ada, first);
  for (let n = 0; n < MAX_KEYS_PER_SENDER + 3; n++) {
    await clock.advance(SEAL_KEY_MAX_AGE_MS + 1);
    await open(ben, ada, await seal(ada, ben));
  }
  await ben.store.commit(ben.keys.takeWrites());
  expect((await ben.store.values("seal/in/")).size).toBe(MAX_KEYS_PER_SENDER);
});

test("S1, S2: nobody else's message opens, nor one for somebody else, nor a changed one", async () => {
  const { ada, ben, eve } = people();
  const sealed = await seal(ada, ben);
  await expect(open(ben, eve, sealed)).rejects.toBeInstanceOf(SealError);
  await expect(open(eve, ada, sealed)).rejects.toBeInstanceOf(SealError);
  for (const change of [{ sequence: 99 }, { id: v.parse(MessageId, userIdOf(101)) }]) {
    const header = { ...sealed.header, ...change };
    await expect(open(ben, ada, { ...sealed, header })).rejects.toMatchObject({
      reason: "damaged",
    });
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.sealed.length - 1), async (at) => {
      const changed = Uint8Array.from(sealed.sealed);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      await expect(open(ben, ada, { ...sealed, sealed: changed })).rejects.toBeInstanceOf(
        SealError,
      );
    }),
    { numRuns: 30 },
  );
  await expect(open(ben, ada, { ...sealed, sealed: new Uint8Array(5) })).rejects.toMatchObject({
    reason: "damaged",
  });
  expect(await open(ben, ada, sealed)).toEqual(bytes("hi"));
});

test("S1: a device key that the server swapped opens nothing that was sealed before", async () => {
  const { ada, ben, eve } = people();
  const first = await seal(ada, ben);
  await open(ben, ada, first);
  ada.keys.confirm(conversationId, ben.device, first.header.id);
  await expect(open(ben, eve, await seal(ada, ben))).rejects.toBeInstanceOf(SealError);
});
