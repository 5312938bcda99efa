import * as v from "valibot";
import {
  encodeEnvelope,
  encodeId,
  ID_BYTES,
  MessageId,
  type Content,
  type ConversationId,
  type DeviceId,
  type EnvelopeHeader,
  type MessageBody,
  type UserId,
} from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import { EXPIRY_CHECK_MS, MAX_OUTBOX } from "../limits.ts";
import type { Link } from "../link.ts";
import type { LinkService } from "../links/link-service.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";
import type { ConversationKeys } from "../sealing/conversation-keys.ts";
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
import { ReadMarks } from "./read-marks.ts";
import { Receipts } from "./receipts.ts";
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
  readonly keys: ConversationKeys;
  readonly book: ConversationBook;
  readonly handlers: DeliveryHandlers;
}

export interface DeliveryHandlers {
  readonly onMessage: (message: MessageRecord) => void;
  readonly onMessageChanged: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
  readonly onUnreadable: (detail: string, error: Error) => void;
  readonly onStoreFailed: (error: unknown) => void;
  readonly onViolation: (detail: string) => void;
}

/** Messages out and in: what `SPEC.md` says under D, O and P. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #outbox: Outbox;
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
      journal,
      keys,
      links,
      log,
      random,
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
    this.#outbox = new Outbox({
      journal,
      clock,
      self: () => directory.self.userId,
      isRead: (message) => this.#readMarks.isReadByPeer(message),
      onEnded: (item) => this.#courier.forget(item),
      onGivenUp: (record, recipient) => this.#givenUp(record, recipient),
      onChanged: onMessageChanged,
    });
    this.#courier = new Courier({
      clock,
      links,
      directory,
      mailbox,
      outbox: this.#outbox,
      serverOnline,
      seal: (item, to, again) => this.#seal(item, to, again),
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
      sealer: keys,
      random,
      serverOnline,
      onProblem,
    });
    this.#arrivals = new Arrivals({
      store,
      journal,
      clock,
      directory,
      keys,
      book,
      timelines: this.#timelines,
      holdBack: this.#holdBack,
      readMarks: this.#readMarks,
      receipts: this.#receipts,
      onMessage,
      onConversationChanged,
      onStoreFailed,
      onViolation,
    });
    this.#inbox = new Inbox(directory, keys, {
      conversationOf: (_, other) => book.idWith(other),
      onReceipt: (from, conversationId, ids) => this.#onReceipt(from, conversationId, ids),
      onMessages: (batch) => this.#arrivals.take(batch),
      onHeard: (device, link) => this.#courier.heard(device, link),
      onUnreadable,
      onViolation,
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
    await this.#queue(record, message, [book.added(peer, message), next.write], () => {
      handlers.onMessage(message);
    });
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
    await this.#queue(record, message, [next.write]);
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
    await this.#queue(record, undefined, [write, next.write]);
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

  async #queue(
    record: OutboxRecord,
    message: MessageRecord | undefined,
    writes: readonly StoreWrite[],
    onQueued?: () => void,
  ): Promise<void> {
    const item = this.#outbox.add(record, message);
    try {
      await this.#commit([
        ...(message === undefined ? [] : [{ type: "put-message" as const, message }]),
        { type: "put-outbox", item: record },
        ...writes,
        ...this.#options.keys.takeWrites(),
      ]);
    } catch (error) {
      this.#outbox.discard(record.id);
      for (const recipient of record.recipients) this.#givenUp(record, recipient);
      throw error;
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
    const { book, journal, keys, store } = this.#options;
    try {
      await journal.commit(writes);
    } catch (error) {
      keys.putBack(writes.filter((write) => "key" in write && write.key.startsWith("seal/")));
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

  async #seal(
    item: OutboxItem,
    to: DeviceId,
    again: boolean,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { directory, handlers, keys } = this.#options;
    const { record, plaintext } = item;
    const recipient = record.recipients.find(({ deviceId }) => deviceId === to);
    const device = directory.device(to);
    if (recipient === undefined || device === undefined) return undefined;
    const header: EnvelopeHeader = {
      sequence: record.sequence,
      after: this.#timelines.predecessor(record.conversationId, to, recipient.after),
      id: record.id,
      conversationId: record.conversationId,
      from: directory.self.deviceId,
      to,
    };
    try {
      const recipientKey = device.publicKey;
      const sealed = await keys.seal({ header, recipientKey, plaintext, again });
      return encodeEnvelope({ ...header, sealed });
    } catch (error) {
      handlers.onViolation(`A message for ${to} cannot be sealed: ${String(error)}`);
      return undefined;
    }
  }

  #onFrame(link: Link, bytes: Uint8Array): void {
    this.#inbox.receive({ bytes, from: link.peer, link, settle: undefined });
  }

  #onReceipt(from: DeviceId, conversationId: ConversationId, ids: readonly MessageId[]): void {
    for (const id of ids) {
      const item = this.#outbox.get(id);
      if (item === undefined) continue;
      const path = this.#courier.pathOf(from, id) ?? "stored";
      if (!this.#outbox.acknowledged(item, conversationId, from, path)) continue;
      this.#options.keys.confirm(conversationId, from, id);
      this.#courier.acknowledged(from, id);
    }
  }

  #onServer(isOnline: boolean): void {
    this.#courier.serverChanged();
    if (isOnline) this.#receipts.flush();
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
