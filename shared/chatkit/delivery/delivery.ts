import * as v from "valibot";
import {
  encodeEnvelope,
  encodeId,
  ID_BYTES,
  MessageId,
  type Content,
  type ConversationId,
  type DeviceId,
  type MessageBody,
  type ReceiptContent,
  type UserId,
} from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import { EXPIRY_CHECK_MS, MAX_OUTBOX } from "../limits.ts";
import type { Link } from "../link.ts";
import type { LinkService } from "../links/link-service.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";
import type { Sealing } from "../sealing/sealing.ts";
import type { MessageRecord, OutboxRecipient, OutboxRecord, Store, StoreWrite } from "../store.ts";
import { Arrivals } from "./arrivals.ts";
import { Courier } from "./courier.ts";
import type { Directory } from "./directory.ts";
import { HoldBack } from "./hold-back.ts";
import { Inbox } from "./inbox.ts";
import type { Journal } from "./journal.ts";
import { MailboxFetcher } from "./mailbox-fetcher.ts";
import { MailboxPutter } from "./mailbox-putter.ts";
import { encodeOrder, orderTime } from "./order.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import { PairSealer } from "./pair-sealer.ts";
import { ReadMarks } from "./read-marks.ts";
import { Receipts } from "./receipts.ts";
import { Securing } from "./securing.ts";
import { Timelines } from "./timelines.ts";

export interface DeliveryOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connection: ServerConnection;
  readonly links: LinkService;
  readonly directory: Directory;
  /** The conversations' groups. Its changes are saved with every commit of the journal. */
  readonly sealing: Sealing;
  readonly identity: IdentityKeys;
  readonly book: ConversationBook;
  readonly handlers: DeliveryHandlers;
}

export interface DeliveryHandlers {
  readonly onMessage: (message: MessageRecord) => void;
  readonly onMessageChanged: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
  /** It was sealed anew several times, and still cannot be opened here. */
  readonly onUnreadable: (detail: string, error: Error) => void;
  readonly onStoreFailed: (error: unknown) => void;
  readonly onViolation: (detail: string) => void;
}

/** Messages out and in: what `SPEC.md` says under D, O and P. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #outbox: Outbox;
  readonly #securing: Securing;
  readonly #courier: Courier;
  readonly #timelines = new Timelines();
  readonly #holdBack: HoldBack;
  readonly #readMarks: ReadMarks;
  readonly #receipts: Receipts;
  readonly #arrivals: Arrivals;
  readonly #inbox: Inbox;
  readonly #fetcher: MailboxFetcher;
  readonly #unsubscribe: (() => void)[] = [];
  #expiry: Timer | undefined;
  #closed = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    const {
      book,
      clock,
      connection,
      directory,
      handlers,
      identity,
      journal,
      links,
      log,
      random,
      sealing,
      store,
    } = options;
    const { onConversationChanged, onMessage, onStoreFailed, onUnreadable, onViolation } = handlers;
    const serverOnline = (): boolean => connection.state.state === "online";
    const onProblem = (error: unknown): void => log.error("delivery failed", { error });
    const onMessageChanged = (message: MessageRecord): void => {
      const isLast = book.changed(message);
      handlers.onMessageChanged(message);
      if (isLast) onConversationChanged(message.conversationId);
    };
    const mailbox = new MailboxPutter(connection);
    const pairSealer = new PairSealer(identity, random);
    journal.join(sealing);
    this.#outbox = new Outbox({
      journal,
      clock,
      self: () => directory.self.userId,
      isRead: (message) => this.#readMarks.isReadByPeer(message),
      onEnded: (item) => this.#courier.forget(item),
      onGivenUp: (record, recipient) => this.#givenUp(record, recipient),
      onChanged: onMessageChanged,
    });
    this.#securing = new Securing({
      sealing,
      journal,
      clock,
      isLive: (item) => this.#outbox.get(item.record.id) === item,
      onNotReady: (item) => this.#notReady(item),
      onProblem,
    });
    this.#courier = new Courier({
      clock,
      links,
      directory,
      mailbox,
      outbox: this.#outbox,
      serverOnline,
      secure: (item) => this.#securing.secure(item),
      isBlocked: (conversationId) => this.#securing.isBlocked(conversationId),
      envelope: (item, to) => this.#envelope(item, to),
      onProblem,
    });
    this.#holdBack = new HoldBack(clock);
    this.#readMarks = new ReadMarks({
      store,
      journal,
      book,
      outbox: this.#outbox,
      now: () => clock.now(),
      onMessageChanged,
      onConversationChanged,
    });
    this.#receipts = new Receipts({
      links,
      directory,
      mailbox,
      sealer: pairSealer,
      random,
      serverOnline,
      onProblem,
    });
    this.#arrivals = new Arrivals({
      store,
      journal,
      clock,
      directory,
      book,
      timelines: this.#timelines,
      holdBack: this.#holdBack,
      readMarks: this.#readMarks,
      receipts: this.#receipts,
      onMessage,
      onConversationChanged,
      onStoreFailed,
    });
    this.#inbox = new Inbox({
      directory,
      sealing,
      pairSealer,
      clock,
      handlers: {
        conversationOf: (_, other) => book.idWith(other),
        peerOf: (conversationId) => this.#peerOf(conversationId),
        onReceipt: (from, conversationId, receipt) =>
          this.#onReceipt(from, conversationId, receipt),
        standingOf: (letters) => this.#arrivals.standingOf(letters),
        onMessages: (messages, duplicates) => this.#arrivals.take(messages, duplicates),
        onUnopened: ({ arrival, envelope }) => {
          this.#receipts.add("unreadable", envelope, arrival.link);
          this.#receipts.flush();
        },
        onMail: () => this.#fetcher.fetch(true),
        onHeard: (device, link) => this.#courier.heard(device, link),
        onUnreadable,
        onStoreFailed,
        onViolation,
      },
    });
    this.#fetcher = new MailboxFetcher({
      connection,
      clock,
      log,
      receive: (arrival) => this.#inbox.receive(arrival),
      knows: (device) => directory.device(device) !== undefined,
    });
  }

  /** Takes up what the store has and begins to work; before the connection is made. @throws StoreError */
  async start(): Promise<void> {
    const { connection, links, store } = this.#options;
    await this.#timelines.load(store);
    await this.#readMarks.load();
    await this.#arrivals.load();
    const items = await this.#outbox.load(store);
    this.#unsubscribe.push(
      links.onFrame((link, bytes) => this.#onFrame(link, bytes)),
      links.onDirectOpen((link) => this.#courier.kick(link.peer.deviceId)),
      links.onDrain((link) => this.#courier.kick(link.peer.deviceId)),
      links.onClose((link) => this.#courier.linkClosed(link)),
      connection.onState((state) => this.#onServer(state.state === "online")),
      connection.onEvent("mailbox.arrived", () => this.#fetcher.fetch(false)),
    );
    for (const item of items) this.#courier.add(item);
    this.#checkExpiry();
  }

  /**
   * Queues a message: durable once this resolves.
   * @throws ChatKitError not-buddies, no-such-device, too-many-requests (outbox full), store-failed
   */
  async send(peer: UserId, body: MessageBody): Promise<MessageRecord> {
    const { book, clock, directory, handlers } = this.#options;
    const recipients = this.#recipients(peer);
    const { conversationId } = book.ensure(peer);
    const now = clock.now();
    const next = this.#timelines.next(conversationId, recipients, now);
    const message: MessageRecord = {
      id: this.#newId(),
      conversationId,
      from: directory.self,
      own: true,
      order: encodeOrder(next.at, directory.self.deviceId),
      sentAt: now,
      receivedAt: now,
      body,
      delivery: this.#queuedState(),
    };
    const content: Content = { kind: "message", peer, at: next.at, body };
    const record: OutboxRecord = {
      id: message.id,
      conversationId,
      peer,
      sequence: next.sequence,
      content: JSON.stringify(content),
      queuedAt: now,
      recipients: next.recipients,
    };
    await this.#queue(
      record,
      message,
      () => [book.added(peer, message)],
      () => handlers.onMessage(message),
    );
    handlers.onConversationChanged(conversationId);
    return this.#outbox.live(message);
  }

  /**
   * Queues a failed message again, under its id and in its old place.
   * @throws ChatKitError no-such-conversation (there is no such failed message of one's own), and
   * as `send`
   */
  async resend(id: MessageId): Promise<MessageRecord> {
    const { book, clock, journal, store } = this.#options;
    const failed = await this.#orStoreFailed(async () => {
      await journal.commit([]);
      return await store.message(id);
    });
    const peer = failed && book.get(failed.conversationId)?.record.peer;
    if (failed === undefined || peer === undefined || failed.delivery.state !== "failed") {
      throw new ChatKitError("no-such-conversation", "There is no such failed message.");
    }
    const now = clock.now();
    const next = this.#timelines.next(failed.conversationId, this.#recipients(peer), now);
    const message: MessageRecord = { ...failed, delivery: this.#queuedState() };
    const content: Content = {
      kind: "message",
      peer,
      at: orderTime(failed.order),
      body: failed.body,
    };
    const record: OutboxRecord = {
      id,
      conversationId: failed.conversationId,
      peer,
      sequence: next.sequence,
      content: JSON.stringify(content),
      queuedAt: now,
      recipients: next.recipients,
    };
    await this.#queue(record, message, () => []);
    if (book.changed(message)) this.#options.handlers.onConversationChanged(failed.conversationId);
    this.#options.handlers.onMessageChanged(message);
    return this.#outbox.live(message);
  }

  /** @throws ChatKitError store-failed */
  async markRead(conversationId: ConversationId): Promise<void> {
    const { book, clock, directory, handlers } = this.#options;
    const entry = book.get(conversationId);
    if (entry === undefined) return;
    const { peer } = entry.record;
    const newest = await this.#orStoreFailed(() => this.#readMarks.newestOfOthers(conversationId));
    const write = newest && book.read(conversationId, newest.order, 0);
    if (newest === undefined || write === undefined) return;
    handlers.onConversationChanged(conversationId);
    const devices = [...directory.devicesOf(peer), ...directory.ownOthers()];
    if (devices.length === 0 || this.#outbox.size >= MAX_OUTBOX) {
      await this.#commit([write]);
      return;
    }
    const now = clock.now();
    const next = this.#timelines.next(conversationId, devices, now);
    const body: MessageBody = { type: "read", upTo: newest.id };
    const content: Content = { kind: "message", peer, at: next.at, body };
    const record: OutboxRecord = {
      id: this.#newId(),
      conversationId,
      peer,
      sequence: next.sequence,
      content: JSON.stringify(content),
      queuedAt: now,
      recipients: next.recipients,
    };
    await this.#queue(record, undefined, () => {
      const conversation = book.get(conversationId)?.record;
      return conversation === undefined ? [] : [{ type: "put-conversation", conversation }];
    });
  }

  /** In ascending order. @throws ChatKitError store-failed */
  history(
    conversationId: ConversationId,
    options: { readonly before?: string; readonly limit: number },
  ): Promise<readonly MessageRecord[]> {
    return this.#orStoreFailed(async () => {
      // What was told already may still be on its way into the store.
      await this.#options.journal.commit([]);
      const messages = await this.#options.store.messages(conversationId, options);
      return messages.map((message) => this.#outbox.live(message));
    });
  }

  /** The roster or somebody's presence changed. */
  directoryChanged(): void {
    if (this.#closed) return;
    this.#courier.directoryChanged();
    this.#securing.again();
    this.#fetcher.directoryChanged();
  }

  /** Signed in, with the roster up to date: what waits in the mailbox can be fetched. */
  sessionBegan(): void {
    if (this.#closed) return;
    this.#courier.directoryChanged();
    this.#fetcher.fetch(true);
  }

  /** Messages that have not reached everybody. */
  get pending(): number {
    return this.#outbox.size;
  }

  /** Ends all work; what was begun in the store is finished. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const end of this.#unsubscribe) end();
    this.#expiry?.cancel();
    this.#fetcher.close();
    this.#courier.close();
    await this.#securing.close();
    await this.#inbox.close();
    this.#receipts.close();
    this.#holdBack.close();
    this.#outbox.saveSent();
    await this.#options.journal.idle();
  }

  #recipients(peer: UserId): { userId: UserId; deviceId: DeviceId }[] {
    const { directory } = this.#options;
    if (!directory.isBuddy(peer)) {
      throw new ChatKitError("not-buddies", "Messages go to buddies only.");
    }
    const devices = directory.devicesOf(peer);
    if (devices.length === 0) {
      throw new ChatKitError("no-such-device", "This person has no device to receive messages.");
    }
    if (this.#outbox.size >= MAX_OUTBOX) {
      throw new ChatKitError("too-many-requests", "Too many messages wait to be sent.", {
        retryable: true,
      });
    }
    return [...devices, ...directory.ownOthers()];
  }

  /** @param writes asked for when the commit is made: others may change the same until then */
  async #queue(
    record: OutboxRecord,
    message: MessageRecord | undefined,
    writes: () => readonly StoreWrite[],
    onQueued?: () => void,
  ): Promise<void> {
    const { book, store } = this.#options;
    const item = this.#outbox.add(record, message);
    try {
      await this.#securing.queue(item, () => [
        ...(message === undefined ? [] : [{ type: "put-message" as const, message }]),
        { type: "put-outbox", item: record },
        this.#timelines.write(record.conversationId),
        ...writes(),
      ]);
    } catch (error) {
      this.#outbox.discard(record.id);
      for (const recipient of record.recipients) this.#givenUp(record, recipient);
      await this.#orStoreFailed(() => book.load(store));
      throw storeFailed(error);
    }
    // Before it is on its way: nobody hears of a change to a message they do not know.
    onQueued?.();
    if (!this.#closed) this.#courier.add(item);
  }

  #givenUp(
    { conversationId, sequence }: OutboxRecord,
    { deviceId, after }: OutboxRecipient,
  ): readonly StoreWrite[] {
    const write = this.#timelines.failed(conversationId, deviceId, { sequence, after });
    return write === undefined ? [] : [write];
  }

  async #commit(writes: readonly StoreWrite[]): Promise<void> {
    const { book, journal, store } = this.#options;
    try {
      await journal.commit(writes);
    } catch (error) {
      await this.#orStoreFailed(() => book.load(store));
      throw storeFailed(error);
    }
  }

  async #orStoreFailed<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      throw storeFailed(error);
    }
  }

  #envelope(item: OutboxItem, to: DeviceId): Uint8Array | undefined {
    const { directory, handlers } = this.#options;
    const { record, sealed } = item;
    const recipient = record.recipients.find(({ deviceId }) => deviceId === to);
    if (recipient === undefined || sealed === undefined) return undefined;
    try {
      return encodeEnvelope({
        sequence: record.sequence,
        after: this.#timelines.predecessor(record.conversationId, to, recipient.after),
        id: record.id,
        conversationId: record.conversationId,
        from: directory.self.deviceId,
        to,
        sealed,
      });
    } catch (error) {
      handlers.onViolation(`A message for ${to} cannot be sent: ${String(error)}`);
      return undefined;
    }
  }

  /** The group must be brought in order first; without a server that is what it waits for. */
  #notReady(item: OutboxItem): void {
    const isOnline = this.#options.connection.state.state === "online";
    for (const { deviceId } of item.record.recipients) {
      this.#outbox.waiting(item, deviceId, isOnline ? "securing" : "server-unreachable");
    }
  }

  /** The other person of a conversation of this account. */
  #peerOf(conversationId: ConversationId): UserId | undefined {
    const { book, directory } = this.#options;
    const known = book.get(conversationId)?.record.peer;
    return known ?? directory.people().find((userId) => book.idWith(userId) === conversationId);
  }

  #onFrame(link: Link, bytes: Uint8Array): void {
    this.#inbox.receive({ bytes, from: link.peer, link, settle: undefined });
  }

  #onReceipt(from: DeviceId, conversationId: ConversationId, receipt: ReceiptContent): void {
    for (const id of receipt.delivered ?? []) {
      const item = this.#outbox.get(id);
      if (item === undefined) continue;
      const path = this.#courier.pathOf(from, id) ?? "stored";
      if (!this.#outbox.acknowledged(item, conversationId, from, path)) continue;
      this.#courier.acknowledged(from, id);
    }
    for (const id of receipt.unreadable ?? []) {
      const item = this.#outbox.get(id);
      if (item === undefined || !this.#outbox.expects(item, conversationId, from)) continue;
      if (this.#courier.unreadable(from, id)) {
        this.#options.sealing.unreadable(conversationId, from, id);
      }
    }
  }

  #onServer(isOnline: boolean): void {
    this.#courier.serverChanged();
    if (!isOnline) return;
    this.#receipts.flush();
    this.#securing.again();
    this.#inbox.serverBack();
  }

  #checkExpiry(): void {
    for (const item of this.#outbox.expired()) this.#outbox.fail(item, "expired");
    this.#expiry = this.#options.clock.setTimer(() => this.#checkExpiry(), EXPIRY_CHECK_MS);
  }

  #queuedState(): MessageRecord["delivery"] {
    const isOnline = this.#options.connection.state.state === "online";
    return { state: "queued", waiting: isOnline ? "sending" : "server-unreachable" };
  }

  #newId(): MessageId {
    return v.parse(MessageId, encodeId(this.#options.random.bytes(ID_BYTES)));
  }
}

function storeFailed(error: unknown): ChatKitError {
  if (error instanceof ChatKitError) return error;
  return new ChatKitError("store-failed", "The message store failed.", {
    retryable: true,
    cause: error,
  });
}
