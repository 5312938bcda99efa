import { ProtocolError, type MessageId, type UserId } from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { ConversationBook } from "../conversations/conversation-book.ts";
import { Delivery } from "../delivery/delivery.ts";
import type { DeliveryState, PathReason } from "../delivery/delivery-state.ts";
import { Journal } from "../delivery/journal.ts";
import type { Typing } from "../delivery/typing.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { LinkService } from "../links/link-service.ts";
import { routeRule, type RouteRule } from "../routes/route-rule.ts";
import type { Clock, Random } from "../ports.ts";
import type { Privacy } from "../privacy/privacy-book.ts";
import type { Sealing } from "../sealing/sealing.ts";
import type { MessageRecord } from "../store.ts";
import { FakeGroupDirectory } from "./fake-group-directory.ts";
import { FakeSealing } from "./fake-sealing.ts";
import { MemoryStores, type MemoryStore } from "./memory-store.ts";
import type { SimulatedLink } from "./simulated-link.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedConnection } from "./simulated-server.ts";
import { MemoryLog } from "./test-ports.ts";

/** What a device's sealing is made of. */
export interface SealingParts {
  readonly self: LinkPeer;
  readonly identity: IdentityKeys;
  readonly store: MemoryStore;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: MemoryLog;
}

/** What lives from a start to the next crash. */
interface Life {
  readonly store: MemoryStore;
  readonly connection: SimulatedConnection;
  readonly links: SimulatedLinks;
  readonly book: ConversationBook;
  readonly delivery: Delivery;
  readonly journal: Journal;
  readonly sealing: Sealing;
}

/** A device of the simulated network: the real delivery on a store that survives crashes. */
export class SimulatedDevice {
  readonly self: LinkPeer;
  readonly identity: IdentityKeys;
  readonly log = new MemoryLog();
  /** Messages told since the beginning, in the order of telling. */
  readonly told: MessageRecord[] = [];
  /** Every state that a message was told to have since the last crash. */
  readonly states = new Map<MessageId, DeliveryState[]>();
  readonly problems: string[] = [];
  /** Who was told to type, and to have stopped. */
  readonly typing: Typing[] = [];
  /** What its person lets others know. */
  privacy: Privacy = { readReceipts: true, typing: true };
  isVisible = true;
  /** How far the device's clock is from the true time. */
  clockOffset = 0;
  readonly #network: SimulatedNetwork;
  readonly #random: Random;
  readonly #stores = new MemoryStores();
  #life: Life | undefined;

  constructor(network: SimulatedNetwork, self: LinkPeer, identity: IdentityKeys, random: Random) {
    this.#network = network;
    this.self = self;
    this.identity = identity;
    this.#random = random;
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  get #current(): Life {
    if (this.#life === undefined) throw new Error("the device is not running");
    return this.#life;
  }

  get delivery(): Delivery {
    return this.#current.delivery;
  }

  get journal(): Journal {
    return this.#current.journal;
  }

  get links(): SimulatedLinks {
    return this.#current.links;
  }

  get connection(): SimulatedConnection {
    return this.#current.connection;
  }

  get sealing(): FakeSealing {
    const { sealing } = this.#current;
    if (!(sealing instanceof FakeSealing)) throw new Error("the groups of this network are real");
    return sealing;
  }

  get store(): MemoryStore {
    return this.#current.store;
  }

  get book(): ConversationBook {
    return this.#current.book;
  }

  /** Commits that will fail. */
  set failures(count: number) {
    this.#current.store.failures = count;
  }

  async start(): Promise<void> {
    const store = await this.#stores.open("account");
    const network = this.#network;
    const clock = this.#clock(() => this.#life?.store === store);
    const journal = new Journal(store, clock, () => {});
    const connection = new SimulatedConnection(network.server, this.self, (run) =>
      network.carry(this, run),
    );
    const links = new SimulatedLinks(network, this);
    const { identity, log, self } = this;
    const random = this.#random;
    const sealing = await network.sealing({ self, identity, store, journal, clock, random, log });
    const book = new ConversationBook(() => this.self.userId);
    const whileAlive =
      <A extends readonly unknown[]>(run: (...args: A) => void) =>
      (...args: A): void => {
        if (this.#life?.store === store) run(...args);
      };
    const delivery = new Delivery({
      store,
      journal,
      clock,
      random,
      log,
      connection,
      links,
      directory: network.directoryOf(self),
      groups: new FakeGroupDirectory(network.groupWorld, self.userId),
      sealing,
      identity,
      book,
      privacy: () => this.privacy,
      isVisible: () => this.isVisible,
      handlers: {
        onMessage: whileAlive((message) => this.told.push(message)),
        onMessageChanged: whileAlive(({ id, delivery: state }) => {
          this.states.set(id, [...(this.states.get(id) ?? []), state]);
        }),
        onConversationChanged: () => {},
        onTyping: whileAlive((typing) => this.typing.push(typing)),
        onUnreadable: whileAlive((detail) => this.problems.push(detail)),
        onStoreFailed: () => {},
        onViolation: whileAlive((detail) => this.problems.push(detail)),
      },
    });
    this.#life = { store, connection, links, book, delivery, journal, sealing };
    await book.load(store);
    await delivery.start();
  }

  /** Ends in the middle of whatever it does: what is not committed is gone. */
  async crash(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#network.disconnect(this);
    this.#network.closeLinks(this, "direct");
    this.#life = undefined;
    this.states.clear();
    await life.store[Symbol.asyncDispose]();
    void life.delivery.close();
  }

  /** Its own clock; its timers die with it. */
  #clock(isAlive: () => boolean): Clock {
    const { clock } = this.#network;
    return {
      now: () => clock.now() + this.clockOffset,
      monotonic: () => clock.monotonic(),
      setTimer: (callback, ms) =>
        clock.setTimer(() => {
          if (isAlive()) callback();
        }, ms),
    };
  }

  async history(peer: UserId): Promise<readonly MessageRecord[]> {
    return await this.store.messages(this.book.idWith(peer), { limit: 1000 });
  }
}

/** A ping over a simulated link is answered after this. */
const PONG_AFTER_MS = 10;

/** The links of one device, opened and closed by the network. */
export class SimulatedLinks implements LinkService {
  readonly #network: SimulatedNetwork;
  readonly #device: SimulatedDevice;
  readonly #direct = new Map<string, SimulatedLink>();
  readonly pending = new Set<string>();
  readonly suspected: Link[] = [];
  readonly #heard = new WeakMap<Link, number>();
  readonly #onFrame = new Set<(link: Link, frame: Uint8Array) => void>();
  readonly #onOpen = new Set<(link: Link) => void>();
  readonly #onClose = new Set<(link: Link) => void>();

  constructor(network: SimulatedNetwork, device: SimulatedDevice) {
    this.#network = network;
    this.#device = device;
  }

  frame(link: Link, bytes: Uint8Array): void {
    for (const handler of this.#onFrame) handler(link, bytes);
  }

  opened(link: SimulatedLink): void {
    this.pending.delete(link.peer.deviceId);
    this.#direct.set(link.peer.deviceId, link);
    for (const handler of this.#onOpen) handler(link);
  }

  closed(link: SimulatedLink): void {
    if (this.#direct.get(link.peer.deviceId) === link) this.#direct.delete(link.peer.deviceId);
    for (const handler of this.#onClose) handler(link);
  }

  setWanted(): void {}

  rule({ userId }: LinkPeer): RouteRule {
    const { self } = this.#device;
    const { policies } = this.#network;
    return routeRule(
      policies.get(`${self.userId} ${userId}`) ?? "automatic",
      policies.get(`${userId} ${self.userId}`) ?? "automatic",
    );
  }

  direct(device: string): Link | undefined {
    return this.#direct.get(device);
  }

  openLinks(device: string): readonly Link[] {
    const link = this.#direct.get(device);
    return link === undefined ? [] : [link];
  }

  directPending(device: string): boolean {
    return this.pending.has(device);
  }

  async relay(peer: LinkPeer): Promise<Link> {
    await Promise.resolve();
    if (!this.rule(peer).relay) throw new ProtocolError("unavailable", "simulated");
    return this.#network.relay(this.#device, peer);
  }

  whyNoDirect(): PathReason {
    return "link-failed";
  }

  suspect(link: Link): void {
    this.suspected.push(link);
    link.close();
  }

  alive(): void {}

  prove(link: Link): void {
    const { clock } = this.#network;
    clock.setTimer(() => {
      if (this.#network.answers(link)) this.#heard.set(link, clock.monotonic());
    }, PONG_AFTER_MS);
  }

  heardAt(link: Link): number | undefined {
    return this.#heard.get(link);
  }

  status(): readonly [] {
    return [];
  }

  onFrame(handler: (link: Link, frame: Uint8Array) => void): () => void {
    this.#onFrame.add(handler);
    return () => this.#onFrame.delete(handler);
  }

  onDirectOpen(handler: (link: Link) => void): () => void {
    this.#onOpen.add(handler);
    return () => this.#onOpen.delete(handler);
  }

  onDrain(): () => void {
    return () => {};
  }

  onClose(handler: (link: Link) => void): () => void {
    this.#onClose.add(handler);
    return () => this.#onClose.delete(handler);
  }

  onStatus(): () => void {
    return () => {};
  }
}
