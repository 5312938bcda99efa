import * as v from "valibot";
import {
  ConversationId,
  encodeId,
  ID_BYTES,
  MessageId,
  type DeviceId,
  type FileBody,
  type UserId,
} from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { FileEngine } from "../files/file-engine.ts";
import type { Transfer } from "../files/files-api.ts";
import { LinkError, type Link, type LinkPeer } from "../link.ts";
import type { FileLinks, LinkControls, LinkService } from "../links/link-service.ts";
import { ANY_ROUTE } from "../routes/route-rule.ts";
import type { MessageRecord } from "../store.ts";
import { FakeClock } from "./fake-clock.ts";
import { linkKeysOf } from "./link-world.ts";
import { MemoryFileVault } from "./memory-file-vault.ts";
import { MemoryStores, type MemoryStore } from "./memory-store.ts";
import { deviceIdOf, userIdOf } from "./test-ids.ts";
import { MemoryLog, seededRandom } from "./test-ports.ts";

function idOf(n: number): string {
  const bytes = new Uint8Array(ID_BYTES);
  bytes[0] = n;
  return encodeId(bytes);
}

export const CONVERSATION = v.parse(ConversationId, idOf(200));

/** One end of a link between two devices; frames arrive in a later microtask. */
class FakeLink implements Link {
  readonly kind: "direct" | "relay";
  readonly peer: LinkPeer;
  readonly bufferedAmount = 0;
  readonly writable = true;
  other: FakeLink | undefined;
  closed = false;
  /** What the test does to a frame on its way; undefined loses it. */
  tamper: (frame: Uint8Array) => Uint8Array | undefined = (frame) => frame;
  readonly #arrives: (link: Link, frame: Uint8Array) => void;

  constructor(
    kind: "direct" | "relay",
    peer: LinkPeer,
    arrives: (link: Link, frame: Uint8Array) => void,
  ) {
    this.kind = kind;
    this.peer = peer;
    this.#arrives = arrives;
  }

  send(frame: Uint8Array): void {
    if (this.closed) throw new LinkError("closed", "the link is closed");
    const { other } = this;
    const changed = this.tamper(frame.slice());
    if (other === undefined || changed === undefined) return;
    queueMicrotask(() => {
      if (!other.closed) other.#arrives(other, changed.slice());
    });
  }

  close(): void {
    this.closed = true;
  }
}

type Handler = (link: Link) => void;

/** The links of one device, as the test opens and closes them. */
class FakeLinks implements LinkService, LinkControls, FileLinks {
  readonly open: FakeLink[] = [];
  readonly #opened = new Set<Handler>();
  readonly #closed = new Set<Handler>();
  readonly #frames = new Set<(link: Link, frame: Uint8Array) => void>();
  expects: (link: Link, frame: Uint8Array) => boolean = () => false;
  readonly arrives = (link: Link, frame: Uint8Array): void => {
    for (const handler of this.#frames) handler(link, frame);
  };

  add(link: FakeLink): void {
    this.open.push(link);
    if (link.kind === "direct") for (const handler of this.#opened) handler(link);
  }

  cut(): void {
    for (const link of this.open.splice(0)) {
      link.close();
      for (const handler of this.#closed) handler(link);
    }
  }

  rule = () => ANY_ROUTE;
  direct = (device: DeviceId) =>
    this.open.find(({ kind, peer }) => kind === "direct" && peer.deviceId === device);
  directPending = () => false;
  relay = async (peer: LinkPeer): Promise<Link> => {
    const found = this.open.find(
      (link) => link.kind === "relay" && link.peer.deviceId === peer.deviceId,
    );
    if (found === undefined) throw new LinkError("closed", "there is no relay");
    return found;
  };
  openLinks = (device: DeviceId) => this.open.filter(({ peer }) => peer.deviceId === device);
  onFileFrame = (handler: (link: Link, frame: Uint8Array) => void) => added(this.#frames, handler);
  onDirectOpen = (handler: Handler) => added(this.#opened, handler);
  onClose = (handler: Handler) => added(this.#closed, handler);
  setExpected(expects: (link: Link, frame: Uint8Array) => boolean): void {
    this.expects = expects;
  }
  onRoom = nothing;
  onDrain = nothing;
  onFrame = nothing;
  onStatus = nothing;
  onControl = nothing;
  setWanted(): void {}
  suspect(): void {}
  prove(): void {}
  alive(): void {}
  tryDirect(): void {}
  sendControl(): void {}
  heardAt = () => undefined;
  whyNoDirect = () => "link-failed" as const;
  status = () => [];
  ping = async () => 1;
}

function nothing(): () => void {
  return () => undefined;
}

function added<T>(set: Set<T>, handler: T): () => void {
  set.add(handler);
  return () => set.delete(handler);
}

/** A device of the world: a real file engine on a vault and a store that outlive it. */
export class FileDevice {
  readonly peer: LinkPeer;
  readonly keys: IdentityKeys;
  readonly vault = new MemoryFileVault();
  readonly transfers: Transfer[] = [];
  readonly problems: unknown[] = [];
  readonly log = new MemoryLog();
  links = new FakeLinks();
  engine: FileEngine;
  readonly #world: FileWorld;
  readonly #n: number;
  readonly #store: MemoryStore;

  /** As if the program had ended in the middle of something: one more than it would have taken. */
  async rememberWaiting(id: MessageId): Promise<void> {
    const records = [...(await this.#store.values("file/of/")).values()];
    const value = records[0]?.replaceAll(/"messageId":"[^"]*"/g, `"messageId":"${id}"`);
    if (value === undefined) throw new Error("nothing is remembered");
    await this.#store.commit([
      { type: "put-value", key: `file/of/${id}`, value },
      { type: "put-value", key: `file/open/${id}`, value: "1" },
    ]);
  }

  /** What is remembered of a message's file was lost with the end of the program. */
  async forgetRecord(id: MessageId): Promise<void> {
    await this.#store.commit([{ type: "delete-value", key: `file/of/${id}` }]);
  }

  constructor(world: FileWorld, n: number, store: MemoryStore) {
    this.#world = world;
    this.#n = n;
    this.#store = store;
    this.peer = { userId: userIdOf(n), deviceId: deviceIdOf(n) };
    this.keys = linkKeysOf(n);
    this.engine = this.#made();
  }

  /** The program ends without a word, and starts again. */
  async restart(): Promise<void> {
    this.links.cut();
    const before = this.engine;
    this.vault.crash();
    this.links = new FakeLinks();
    this.engine = this.#made();
    await before.close();
    await this.engine.start();
  }

  last(id: MessageId): Transfer | undefined {
    return this.transfers.findLast(({ messageId }) => messageId === id);
  }

  #made(): FileEngine {
    const { clock, messages } = this.#world;
    const world = this.#world;
    const { peer } = this;
    const others = (): readonly LinkPeer[] => world.devices.map((one) => one.peer);
    return new FileEngine({
      ports: { clock, random: seededRandom(this.#n + world.random++), log: this.log },
      vault: this.vault,
      store: {
        value: (key) => this.#store.value(key),
        values: (prefix) => this.#store.values(prefix),
        recent: async ({ before }) => (before === undefined ? [...messages.values()] : []),
      },
      commit: (writes) => this.#store.commit(writes),
      identity: this.keys,
      links: this.links,
      directory: {
        self: peer,
        device: (id) => {
          const found = world.devices.find((one) => one.peer.deviceId === id);
          return found && { userId: found.peer.userId, publicKey: found.keys.publicKey };
        },
        devicesOf: (userId) => others().filter((one) => one.userId === userId),
        memberDevices: (userId) => others().filter((one) => one.userId === userId),
        people: () => others().map(({ userId }) => userId),
        ownOthers: () => [],
        isOnline: (id) => !world.away.has(id),
        isBuddy: () => true,
        isBlocked: () => false,
        permits: () => true,
        publicKeyOf: ({ deviceId }) =>
          world.devices.find((one) => one.peer.deviceId === deviceId)?.keys.publicKey,
      },
      serverOnline: () => true,
      othersIn: () => others().filter((one) => world.isIn(one.userId, peer.userId)),
      isIn: (_, userId) => world.isIn(userId, peer.userId),
      sendMessage: async (_, body) => world.message(peer, body),
      find: async (id) => messages.get(id),
      storeChunk: async () => ({ kind: "stored" }),
      fetchMail: () => undefined,
      onTransfer: (transfer) => this.transfers.push(transfer),
      onProblem: (problem) => this.problems.push(problem),
    });
  }
}

/** Ada (1) and Ben (2) are in one conversation, and Eve (3) in none. All are buddies. */
export class FileWorld {
  readonly clock = new FakeClock();
  readonly messages = new Map<MessageId, MessageRecord>();
  readonly devices: FileDevice[] = [];
  /** Nobody reaches them. */
  readonly away = new Set<DeviceId>();
  random = 1;

  async add(n: number): Promise<FileDevice> {
    const store = await new MemoryStores().open("account");
    const device = new FileDevice(this, n, store);
    this.devices.push(device);
    await device.engine.start();
    return device;
  }

  /** Is the first of the two the other one's peer? */
  isIn(userId: UserId, self: UserId): boolean {
    return userId !== self && (userId === userIdOf(1) || userId === userIdOf(2));
  }

  message(from: LinkPeer, body: FileBody): MessageRecord {
    const id = v.parse(MessageId, idOf(this.messages.size + 1));
    const message: MessageRecord = {
      id,
      conversationId: CONVERSATION,
      from,
      own: false,
      order: String(this.messages.size),
      sentAt: 0,
      receivedAt: 0,
      body,
      delivery: { state: "received", path: "direct" },
    };
    this.messages.set(id, message);
    return message;
  }

  /** @returns the ends of `a` and of `b` */
  connect(a: FileDevice, b: FileDevice, kind: "direct" | "relay" = "direct"): [FakeLink, FakeLink] {
    const ofA = new FakeLink(kind, b.peer, a.links.arrives);
    const ofB = new FakeLink(kind, a.peer, b.links.arrives);
    ofA.other = ofB;
    ofB.other = ofA;
    a.links.add(ofA);
    b.links.add(ofB);
    return [ofA, ofB];
  }

  /** Runs the clock until that holds, for five minutes of it at most. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let step = 0; step < 6_000; step += 1) {
      if (holds()) return;
      await this.clock.advance(50);
    }
    throw new Error(`in vain: ${what}`);
  }
}
