import {
  encodeEnvelope,
  encodeStoredChunk,
  type ConversationId,
  type DeviceId,
  type EnvelopeHeader,
  type ChangeBody,
  type FileBody,
  type MessageId,
  type ReceiptContent,
  type StoredChunk,
  type TextBody,
  type UserId,
} from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import type { GroupDirectory, GroupNews } from "../groups/group-directory.ts";
import { EXPIRY_CHECK_MS } from "../limits.ts";
import type { Link } from "../link.ts";
import type { LinkControls, LinkService } from "../links/link-service.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";
import type { Privacy } from "../privacy/privacy-book.ts";
import type { Sealing } from "../sealing/sealing.ts";
import type { MessagePage, MessageRecord, OutboxRecord, Store } from "../store.ts";
import type { Fate } from "./arrival.ts";
import { Arrivals } from "./arrivals.ts";
import { Audience } from "./audience.ts";
import { Changes } from "./changes.ts";
import { Courier } from "./courier.ts";
import type { Directory } from "./directory.ts";
import { GroupHistory } from "./group-history.ts";
import { HoldBack } from "./hold-back.ts";
import { Inbox } from "./inbox.ts";
import type { Journal } from "./journal.ts";
import { MailboxFetcher } from "./mailbox-fetcher.ts";
import { MailboxPutter } from "./mailbox-putter.ts";
import { judgePut, type PutVerdict } from "./mailbox-verdict.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import { PairSealer } from "./pair-sealer.ts";
import { ReadMarks, whoHas } from "./read-marks.ts";
import { Receipts } from "./receipts.ts";
import { Securing } from "./securing.ts";
import { Sending } from "./sending.ts";
import { orStoreFailed } from "./store-failed.ts";
import { Timelines } from "./timelines.ts";
import { TypingTalk, type Typing } from "./typing.ts";

export interface DeliveryOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connection: ServerConnection;
  readonly links: LinkService & Pick<LinkControls, "openLinks">;
  readonly directory: Directory;
  readonly groups: GroupDirectory;
  /** The conversations' MLS groups. Its changes are saved with every commit of the journal. */
  readonly sealing: Sealing;
  readonly identity: IdentityKeys;
  readonly book: ConversationBook;
  /** What the person lets others know. */
  readonly privacy: () => Privacy;
  /** False while this account appears offline. */
  readonly isVisible: () => boolean;
  readonly handlers: DeliveryHandlers;
}

export interface DeliveryHandlers {
  /** A chunk of a file waited in the mailbox; `done` once nobody needs it there. Never rejects. */
  readonly onStoredChunk?: (chunk: StoredChunk) => Promise<Fate>;
  readonly onMessage: (message: MessageRecord) => void;
  readonly onMessageChanged: (message: MessageRecord) => void;
  readonly onConversationChanged: (conversationId: ConversationId) => void;
  readonly onTyping: (typing: Typing) => void;
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
  readonly #sending: Sending;
  readonly #courier: Courier;
  readonly #timelines = new Timelines();
  readonly #holdBack: HoldBack;
  readonly #readMarks: ReadMarks;
  readonly #changes: Changes;
  readonly #receipts: Receipts;
  readonly #arrivals: Arrivals;
  readonly #inbox: Inbox;
  readonly #fetcher: MailboxFetcher;
  readonly #mailbox: MailboxPutter;
  readonly #typing: TypingTalk;
  readonly #groupHistory: GroupHistory;
  readonly #audience: Audience;
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
      groups,
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
    const audience = new Audience({ directory, groups, book });
    this.#audience = audience;
    const mailbox = new MailboxPutter(connection);
    this.#mailbox = mailbox;
    const pairSealer = new PairSealer(identity, random);
    journal.join(sealing);
    this.#outbox = new Outbox({
      journal,
      clock,
      self: () => directory.self.userId,
      isRead: (message, people) => this.#readMarks.isReadBy(message, people),
      onEnded: (item) => this.#courier.forget(item),
      onGivenUp: (record, recipient) => this.#sending.givenUp(record, recipient),
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
      audience,
      mailbox,
      outbox: this.#outbox,
      serverOnline,
      secure: (item) => this.#securing.secure(item),
      isBlocked: (conversationId) => this.#securing.isBlocked(conversationId),
      envelope: (item, to) => this.#envelope(item, to),
      after: (item, to) => this.#after(item, to),
      onProblem,
    });
    this.#holdBack = new HoldBack(clock);
    this.#readMarks = new ReadMarks({
      store,
      journal,
      book,
      outbox: this.#outbox,
      now: () => clock.now(),
      showsReading: () => options.privacy().readReceipts,
      onMessageChanged,
      onConversationChanged,
    });
    this.#changes = new Changes({
      store,
      journal,
      book,
      outbox: this.#outbox,
      onMessageChanged: (message) => {
        this.#arrivals.revised(message);
        onMessageChanged(message);
      },
    });
    this.#sending = new Sending({
      store,
      journal,
      clock,
      random,
      directory,
      audience,
      book,
      timelines: this.#timelines,
      outbox: this.#outbox,
      readMarks: this.#readMarks,
      changes: this.#changes,
      securing: this.#securing,
      serverOnline,
      tellsReading: () => options.privacy().readReceipts,
      onQueued: (item) => {
        if (!this.#closed) this.#courier.add(item);
      },
      onMessage,
      onMessageChanged: handlers.onMessageChanged,
      onConversationChanged,
    });
    this.#typing = new TypingTalk({
      links,
      directory,
      audience,
      sealer: pairSealer,
      clock,
      random,
      placeOf: (conversationId, from) => {
        if (groups.get(conversationId) !== undefined) return { conversationId };
        const isTheirs = directory.isBuddy(from) && book.idWith(from) === conversationId;
        return isTheirs ? { conversationId, peer: from } : undefined;
      },
      isOn: () => options.privacy().typing,
      isVisible: options.isVisible,
      onTyping: handlers.onTyping,
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
      changes: this.#changes,
      receipts: this.#receipts,
      onMessage: (message) => {
        // They have said it: before it is told, so that nobody shows both.
        if (!message.own) this.#typing.ended(message.conversationId, message.from.userId);
        onMessage(message);
      },
      onConversationChanged,
      onStoreFailed,
    });
    this.#groupHistory = new GroupHistory({
      store,
      journal,
      clock,
      book,
      timelines: this.#timelines,
      self: () => directory.self.userId,
      onMessage,
      onConversationChanged,
    });
    this.#inbox = new Inbox({
      directory,
      groups,
      sealing,
      pairSealer,
      clock,
      handlers: {
        conversationOf: (_, other) => book.idWith(other),
        peerOf: (conversationId) => this.#peerOf(conversationId),
        onReceipt: (from, conversationId, receipt) =>
          this.#onReceipt(from, conversationId, receipt),
        onTyping: (envelope, link, typing) => this.#typing.take(envelope, link, typing),
        standingOf: (letters) => this.#arrivals.standingOf(letters),
        onMessages: (messages, duplicates) => this.#arrivals.take(messages, duplicates),
        onUnopened: ({ arrival, envelope }) => {
          this.#receipts.add("unreadable", envelope, arrival.link);
          this.#receipts.flush();
        },
        onMail: () => this.#fetcher.fetch(true),
        onStoredChunk: async (chunk) => (await handlers.onStoredChunk?.(chunk)) ?? "done",
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
    await this.#changes.load();
    await this.#arrivals.load();
    const items = await this.#outbox.load(store);
    this.#unsubscribe.push(
      links.onFrame((link, bytes) => this.#onFrame(link, bytes)),
      links.onDirectOpen((link) => {
        this.#courier.kick(link.peer.deviceId);
        this.#receipts.flush();
      }),
      links.onDrain((link) => {
        this.#courier.kick(link.peer.deviceId);
        this.#receipts.flush();
      }),
      links.onClose((link) => this.#courier.linkClosed(link)),
      connection.onState((state) => this.#onServer(state.state === "online")),
      connection.onEvent("mailbox.arrived", () => this.#fetcher.fetch(false)),
    );
    for (const item of items) this.#courier.add(item);
    this.#checkExpiry();
  }

  /**
   * Queues a message: durable once this resolves.
   * @throws ChatKitError no-such-conversation, not-buddies, not-permitted (a group that one is not in,
   * or where others write), no-such-device, too-many-requests (outbox full), store-failed
   */
  send(conversationId: ConversationId, body: TextBody | FileBody): Promise<MessageRecord> {
    this.#typing.sent(conversationId);
    return this.#sending.send(conversationId, body);
  }

  /**
   * Queues a failed message again, under its id and in its old place.
   * @throws ChatKitError no-such-conversation (there is no such failed message of one's own), and
   * as `send`
   */
  resend(id: MessageId): Promise<MessageRecord> {
    return this.#sending.resend(id);
  }

  /**
   * Changes a message, here at once and elsewhere as messages come there: durable once this resolves.
   * @throws ChatKitError no-such-message, not-permitted, not-buddies, no-such-device,
   * too-many-requests, store-failed
   */
  change(body: ChangeBody): Promise<MessageRecord> {
    return this.#sending.change(body);
  }

  /** @throws ChatKitError store-failed */
  markRead(conversationId: ConversationId): Promise<void> {
    return this.#sending.markRead(conversationId);
  }

  /** @throws ChatKitError no-such-message, store-failed */
  markUnread(id: MessageId): Promise<void> {
    return this.#sending.markUnread(id);
  }

  /** The person types there, or has cleared what they typed. Nothing where there is no such conversation. */
  typing(conversationId: ConversationId, active: boolean): void {
    const record = this.#options.book.get(conversationId)?.record;
    if (record !== undefined) this.#typing.tell(record, active);
  }

  /** Who is in the conversation besides this account, and on which devices. */
  get audience(): Audience {
    return this.#audience;
  }

  /** The others who told that they have read that message of one's own. */
  readersOf(message: MessageRecord): readonly UserId[] {
    const item = this.#outbox.get(message.id);
    const people = item === undefined ? whoHas(message) : this.#outbox.peopleOf(item);
    return people.filter((userId) => this.#readMarks.isReadBy(message, [userId]));
  }

  /**
   * What happened in groups, in the order of their logs, put into their histories; each once, however
   * often it is told. Durable once this resolves. @throws StoreError
   */
  takeNews(news: readonly GroupNews[]): Promise<void> {
    return this.#groupHistory.take(news);
  }

  /**
   * Brings people who have just come into a group the key of its name. Durable here by then; resolves
   * when it has left: no device of theirs has to wait for this one any more.
   * @throws ChatKitError not-permitted, too-many-requests, store-failed
   */
  async greet(conversationId: ConversationId, people: readonly UserId[]): Promise<void> {
    const id = await this.#sending.greet(conversationId, people);
    if (id !== undefined) await this.#outbox.left(id);
  }

  /** The members of a group, or what they may do, are others now: whoever is out gets nothing more. */
  groupChanged(): void {
    if (this.#closed) return;
    this.#courier.directoryChanged();
    this.#securing.again();
    this.#fetcher.directoryChanged();
  }

  /** What the person lets others know is another thing now. */
  privacyChanged(): void {
    if (!this.#options.privacy().typing) this.#typing.endAll();
  }

  /** Ids of the conversation's pinned messages, those pinned last first. */
  pins(conversationId: ConversationId): readonly MessageId[] {
    return this.#changes.pins.list(conversationId);
  }

  /** What is on its way of that message; undefined where nothing is. */
  underWay(id: MessageId): OutboxRecord | undefined {
    return this.#outbox.get(id)?.record;
  }

  /** @throws ChatKitError store-failed */
  find(id: MessageId): Promise<MessageRecord | undefined> {
    return orStoreFailed(() => this.#changes.find(id));
  }

  /** The message as it is now, where the store may be behind. */
  live(message: MessageRecord): MessageRecord {
    return this.#outbox.live(message);
  }

  /** What reads messages and writes them again takes its turn: neither undoes the other. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#changes.exclusive(work);
  }

  /** The message is deleted here: where it is on its way it goes on, and is not saved again. */
  hide(id: MessageId): void {
    this.#outbox.hide(id);
  }

  /** In ascending order. @throws ChatKitError store-failed */
  history(conversationId: ConversationId, options: MessagePage): Promise<readonly MessageRecord[]> {
    return orStoreFailed(async () => {
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

  /** The route policies that hold with that person are others now; their links follow them already. */
  routesChanged(userId: UserId): void {
    if (this.#closed) return;
    this.#courier.routesChanged(userId);
    this.#receipts.flush();
  }

  /** Signed in, with the roster up to date: what waits in the mailbox can be fetched. */
  sessionBegan(): void {
    if (this.#closed) return;
    this.#courier.directoryChanged();
    this.#fetcher.fetch(true);
  }

  /**
   * Puts a chunk of a file into a device's mailbox, once however often it is asked for. Never rejects.
   * @param id the same for the same chunk
   */
  storeChunk(
    to: DeviceId,
    { id, conversationId }: Pick<EnvelopeHeader, "id" | "conversationId">,
    chunk: StoredChunk,
  ): Promise<PutVerdict> {
    const from = this.#options.directory.self.deviceId;
    const sealed = encodeStoredChunk(chunk);
    const header = { sequence: 0, after: 0, id, conversationId, from, to };
    return judgePut(this.#mailbox.put({ id, to }, encodeEnvelope({ ...header, sealed })));
  }

  /** Looks into the mailbox again: what was passed over there can be taken now. */
  fetchMail(): void {
    if (!this.#closed) this.#fetcher.fetch(true);
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
    this.#typing.close();
    this.#holdBack.close();
    this.#outbox.saveSent();
    await this.#options.journal.idle();
  }

  #after({ record }: OutboxItem, to: DeviceId): number {
    const recipient = record.recipients.find(({ deviceId }) => deviceId === to);
    return this.#timelines.predecessor(record.conversationId, to, recipient?.after ?? 0);
  }

  #envelope(item: OutboxItem, to: DeviceId): Uint8Array | undefined {
    const { directory, handlers } = this.#options;
    const { record, sealed } = item;
    if (sealed === undefined || record.recipients.every(({ deviceId }) => deviceId !== to)) {
      return undefined;
    }
    try {
      return encodeEnvelope({
        sequence: record.sequence,
        after: this.#after(item, to),
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
    for (const item of this.#outbox.expired()) this.#outbox.expire(item);
    this.#expiry = this.#options.clock.setTimer(() => this.#checkExpiry(), EXPIRY_CHECK_MS);
  }
}
