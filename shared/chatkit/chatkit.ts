import * as v from "valibot";
import {
  Emoji,
  limits,
  type ConversationId,
  type DeviceId,
  type Mention,
  type MessageId,
  type RosterEntry,
  type ServerInfo,
  type Show,
  type TextBody,
  type UserId,
} from "../protocol/index.ts";
import { Account, toMessage } from "./account.ts";
import {
  ChatKitError,
  type ChatKitEvents,
  type ConnectionState,
  type Conversation,
  type LinkStatus,
  type Message,
  type MessageDetails,
  type OwnDevice,
  type Safety,
  type Self,
} from "./api.ts";
import { calling } from "./calling.ts";
import { pinnedPorts } from "./connection/pinned-sockets.ts";
import { parseServerAddress } from "./connection/server-address.ts";
import { serverInfo } from "./connection/server-info.ts";
import { ConversationCalls } from "./conversations/conversation-calls.ts";
import { forward } from "./conversations/forwarding.ts";
import { validMentions } from "./conversations/mentions.ts";
import { messageDetails } from "./conversations/message-details.ts";
import type { SettingsChange } from "./conversations/settings-change.ts";
import { Emitter } from "./emitter.ts";
import { eraseAccount } from "./erase.ts";
import { GroupCalls } from "./groups/group-calls.ts";
import type { GroupsApi } from "./groups/groups-api.ts";
import { FileCalls } from "./files/file-calls.ts";
import type { FilesApi } from "./files/files-api.ts";
import { ArchiveCalls } from "./history/archive-calls.ts";
import type { ArchiveApi, SearchOptions, SearchPage } from "./history/history-api.ts";
import type { NetworkApi } from "./network/network-api.ts";
import { NetworkCalls } from "./network/network-calls.ts";
import type { Host, Ports } from "./ports.ts";
import type { Privacy } from "./privacy/privacy-book.ts";
import { PrivacyCalls } from "./privacy/privacy-calls.ts";
import { RosterCalls } from "./roster/roster-calls.ts";
import { DeviceCalls } from "./trust/device-calls.ts";
import { SafetyCalls } from "./trust/safety-calls.ts";

export * from "./api.ts";
export type * from "./conversations/settings-change.ts";
export type * from "./delivery/delivery-state.ts";
export * from "./files/file-vault.ts";
export type * from "./files/files-api.ts";
export type * from "./groups/groups-api.ts";
export type * from "./history/history-api.ts";
export type * from "./history/words.ts";
export type * from "./network/network-api.ts";
export type * from "./ports.ts";
export type { Privacy } from "./privacy/privacy-book.ts";
export type * from "./store.ts";

export interface ChatKitOptions {
  /** `http:`, `https:`, `ws:` or `wss:` address of the rendezvous server. */
  readonly server: string;
  /**
   * Fingerprint of the server's certificate as its invitation links have it (`readInviteLink`): that
   * certificate and no other is trusted. Absent where the platform's authorities decide; browsers
   * always leave it to theirs.
   */
  readonly pin?: string;
  readonly host: Host;
  readonly ports: Ports;
}

export interface RosterApi {
  /** Buddies, requests both ways and blocked people; a snapshot, also while offline. */
  entries(): readonly RosterEntry[];
  get(userId: UserId): RosterEntry | undefined;
  add(userName: string): Promise<RosterEntry>;
  accept(userId: UserId): Promise<RosterEntry>;
  decline(userId: UserId): Promise<void>;
  remove(userId: UserId): Promise<void>;
  block(userId: UserId): Promise<RosterEntry>;
  unblock(userId: UserId): Promise<void>;
  update(userId: UserId, change: { nickname?: string; group?: string }): Promise<RosterEntry>;
  /**
   * Resolves when the device lists of all buddies were looked at, as far as there is a server to ask:
   * what is written to them without a server afterwards can wait for it.
   */
  ready(): Promise<void>;
}

export interface ConversationsApi {
  /** Newest first; a snapshot. */
  list(): readonly Conversation[];
  get(conversationId: ConversationId): Conversation | undefined;
  /** The conversation with a buddy, made if it is new. */
  withPeer(userId: UserId): Promise<Conversation>;
  /** Everything in it has been seen: unread becomes 0 and the sender is told. */
  markRead(conversationId: ConversationId): Promise<void>;
  /** From that message on it counts as not seen, on this device. The sender is not told. */
  markUnread(from: MessageId): Promise<void>;
  /** What the person chooses for it, on this device. @throws ChatKitError no-such-conversation */
  configure(conversationId: ConversationId, change: SettingsChange): Promise<void>;
  /** Its pinned messages, those pinned last first; at most `MAX_PINS`. */
  pins(conversationId: ConversationId): Promise<readonly Message[]>;
}

/** What others learn without being told by the person: each works both ways, on this device. */
export interface PrivacyApi {
  readonly current: Privacy;
  change(change: Partial<Privacy>): Promise<void>;
}

export interface DevicesApi {
  /** This one first. */
  list(): readonly OwnDevice[];
  rename(deviceId: DeviceId, name: string): Promise<void>;
  /** Ends its session, deletes its mailbox, and takes it from the signed list. */
  remove(deviceId: DeviceId): Promise<void>;
}

export interface SafetyApi {
  /** @throws ChatKitError no-such-user where the buddy's list is not known yet */
  of(userId: UserId): Promise<Safety>;
  /** Marks as compared, or takes the mark away. */
  setVerified(userId: UserId, verified: boolean): Promise<Safety>;
  /** Does the text of the other end's QR code say the same? */
  matches(userId: UserId, code: string): Promise<boolean>;
  /** The user has seen that the devices changed. */
  acknowledgeChange(userId: UserId): Promise<void>;
}

export interface HistoryPage {
  readonly before?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** The engine's one entry. Every call rejects with `ChatKitError`; nothing throws synchronously. */
export interface ChatKitApi extends AsyncDisposable {
  readonly connection: ConnectionState;
  readonly self: Self | undefined;
  readonly roster: RosterApi;
  readonly conversations: ConversationsApi;
  readonly devices: DevicesApi;
  readonly safety: SafetyApi;
  readonly network: NetworkApi;
  readonly files: FilesApi;
  readonly archive: ArchiveApi;
  readonly privacy: PrivacyApi;
  readonly groups: GroupsApi;

  /** Asks the server without signing in. */
  serverInfo(): Promise<ServerInfo>;
  register(account: {
    userName: string;
    password: string;
    displayName?: string;
    invite?: string;
  }): Promise<Self>;
  signIn(account: { userName: string; password: string }): Promise<Self>;
  /**
   * Opens the account's store and takes up its saved session; works without the server (history
   * is there, the connection is made in the background). False where no session is saved.
   */
  restore(userName: string): Promise<boolean>;
  /** Ends the session at the server too, where it can be reached. History stays unless forgotten. */
  signOut(options?: { forgetDevice?: boolean }): Promise<void>;
  /**
   * Deletes what this device has of an account that nobody has open: history, files, keys. For one
   * whose session is over; the server hears nothing of it.
   */
  erase(userName: string): Promise<void>;
  /** Ends everything and releases it; the session can be restored. Idempotent. */
  close(): Promise<void>;
  /** Tries to connect now instead of at the end of the back-off. */
  reconnectNow(): void;

  changePassword(current: string, next: string): Promise<void>;
  setDisplayName(displayName: string): Promise<void>;
  setPresence(presence: { show: Show; statusText: string }): Promise<void>;

  /** Resolves once the message is on disk and queued; delivery is told by `messageChanged`. */
  send(
    conversationId: ConversationId,
    text: string,
    options?: { replyTo?: MessageId; mentions?: readonly Mention[] },
  ): Promise<Message>;
  /** Changes the text of a message of one's own, up to two days after it was written. */
  edit(
    messageId: MessageId,
    text: string,
    options?: { mentions?: readonly Mention[] },
  ): Promise<Message>;
  /**
   * Sends what a message says to other conversations, without its author and its mentions.
   * @throws ChatKitError no-such-message, not-permitted, and as `send`; not-complete for a file that
   * is not here
   */
  forward(messageId: MessageId, to: readonly ConversationId[]): Promise<readonly Message[]>;
  /** For everybody in the conversation. */
  pin(messageId: MessageId, pinned: boolean): Promise<Message>;
  /** Takes a message of one's own back for everybody, up to two days after it was written. */
  recall(messageId: MessageId): Promise<Message>;
  /** One emoji in place of the one before; undefined takes it back. */
  react(messageId: MessageId, emoji: string | undefined): Promise<Message>;
  /** Queues a failed message again, with its id. */
  resend(messageId: MessageId): Promise<Message>;
  /**
   * In order; the last `limit` (default 50) before `before`, or the first `limit` after `after`: a
   * message's `order`, or that of a time (`orderAt`).
   */
  history(conversationId: ConversationId, options?: HistoryPage): Promise<readonly Message[]>;

  /**
   * The person types in that conversation, or has cleared what they typed: told over links that are
   * open, seldom enough to be called at every key. Never fails.
   */
  typing(conversationId: ConversationId, active: boolean): void;

  /** Each recipient device with the way there, and who reacted when. */
  details(messageId: MessageId): Promise<MessageDetails | undefined>;

  /**
   * Messages with all words of the query, as far as they were typed, newest first; in Chinese and
   * other scripts without spaces, with all its parts (SPEC HI1).
   */
  search(query: string, options?: SearchOptions): Promise<SearchPage>;

  /** One message as it is now; undefined where it is not here. */
  message(messageId: MessageId): Promise<Message | undefined>;

  links(): readonly LinkStatus[];

  /** Subscribes; returns the function that ends it. A handler that throws harms nobody else. */
  on<E extends keyof ChatKitEvents>(
    event: E,
    handler: (payload: ChatKitEvents[E]) => void,
  ): () => void;
}

/** Messages of one `history` call, unless the host asks for another number. */
const HISTORY_PAGE = 50;
const MAX_HISTORY_PAGE = 1000;

export class ChatKit implements ChatKitApi {
  readonly roster: RosterApi;
  readonly conversations: ConversationsApi;
  readonly devices: DevicesApi;
  readonly safety: SafetyApi;
  readonly network: NetworkApi;
  readonly files: FilesApi;
  readonly archive: ArchiveApi;
  readonly #archive: ArchiveCalls;
  readonly privacy: PrivacyApi;
  readonly groups: GroupsApi;
  readonly #options: ChatKitOptions;
  readonly #emitter: Emitter;
  #account: Account | undefined;
  #state: ConnectionState = { state: "idle" };
  #closed = false;
  /** Opening and closing happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ChatKitOptions) {
    this.#options = options;
    this.#emitter = new Emitter(options.ports.log);
    this.#emitter.on("connection", (state) => {
      this.#state = state;
    });
    this.roster = new RosterCalls(
      () => this.#account?.roster,
      () => this.#open(),
    );
    this.conversations = new ConversationCalls(
      () => this.#account,
      () => this.#open(),
    );
    this.devices = new DeviceCalls(
      () => this.#account,
      () => this.#open(),
    );
    this.safety = new SafetyCalls(() => this.#open());
    this.network = new NetworkCalls(
      () => this.#account,
      () => this.#open(),
    );
    this.privacy = new PrivacyCalls(
      () => this.#account,
      () => this.#open(),
    );
    this.groups = new GroupCalls(
      () => this.#account?.people.open,
      () => this.#open().people.open,
    );
    this.#archive = new ArchiveCalls(() => this.#open());
    this.archive = this.#archive;
    this.files = new FileCalls(
      () => this.#account,
      () => this.#open(),
    );
  }

  get connection(): ConnectionState {
    return this.#state;
  }

  get self(): Self | undefined {
    return this.#account?.roster.account;
  }

  serverInfo(): Promise<ServerInfo> {
    return calling(async () => {
      const { webSocketUrl } = parseServerAddress(this.#options.server);
      return await serverInfo(webSocketUrl, pinnedPorts(this.#options.ports, this.#options.pin));
    });
  }

  register(account: {
    userName: string;
    password: string;
    displayName?: string;
    invite?: string;
  }): Promise<Self> {
    return this.#enter(account.userName, ({ signIn }) => signIn.register(account));
  }

  signIn({ userName, password }: { userName: string; password: string }): Promise<Self> {
    return this.#enter(userName, ({ signIn }) => signIn.signIn({ password }));
  }

  restore(userName: string): Promise<boolean> {
    return this.#exclusive(async () => {
      const account = await this.#openAccount(userName);
      if (!account.hasSession) {
        await account.close();
        return false;
      }
      this.#account = account;
      account.connection.resume();
      return true;
    });
  }

  signOut(options: { forgetDevice?: boolean } = {}): Promise<void> {
    return this.#exclusive(async () => {
      const account = this.#open();
      const forgetDevice = options.forgetDevice ?? false;
      try {
        if (forgetDevice) await account.leaveList();
        await account.connection.signOut({ forgetDevice });
        if (forgetDevice) await account.forget();
      } finally {
        this.#account = undefined;
        await account.close();
      }
    });
  }

  erase(userName: string): Promise<void> {
    const { ports, server } = this.#options;
    return this.#exclusive(() => eraseAccount(ports, server, userName));
  }

  close(): Promise<void> {
    this.#closed = true;
    // A sign-in that gets no answer is not waited for.
    if (this.#state.state === "connecting") void this.#account?.connection.close();
    return this.#exclusive(async () => {
      const account = this.#account;
      this.#account = undefined;
      await account?.close();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  reconnectNow(): void {
    this.#account?.connection.reconnectNow();
  }

  changePassword(current: string, next: string): Promise<void> {
    return calling(async () => {
      const { roster, signIn } = this.#open();
      await signIn.changePassword(roster.self.userId, current, next);
    });
  }

  setDisplayName(displayName: string): Promise<void> {
    return calling(async () => {
      const { connection, roster } = this.#open();
      const profile = await connection.request("account.setProfile", { displayName });
      roster.changeSelf({ profile });
    });
  }

  setPresence(presence: { show: Show; statusText: string }): Promise<void> {
    return calling(async () => {
      const { connection, roster } = this.#open();
      await connection.request("presence.set", presence);
      roster.changeSelf(presence);
    });
  }

  send(
    conversationId: ConversationId,
    text: string,
    { replyTo, mentions }: { replyTo?: MessageId; mentions?: readonly Mention[] } = {},
  ): Promise<Message> {
    return calling(() =>
      this.#sendText(conversationId, {
        type: "text",
        text,
        ...(replyTo === undefined ? {} : { replyTo }),
        ...mentionsIn(text, mentions),
      }),
    );
  }

  forward(messageId: MessageId, to: readonly ConversationId[]): Promise<readonly Message[]> {
    return calling(() =>
      forward(
        {
          message: (id) => this.message(id),
          text: (id, text) => this.#sendText(id, { type: "text", text, forwarded: true }),
          file: (id, file) => this.files.forward(file, id),
        },
        messageId,
        to,
      ),
    );
  }

  async #sendText(conversationId: ConversationId, body: TextBody): Promise<Message> {
    const account = this.#open();
    checkText(body.text);
    if (account.book.get(conversationId) === undefined) throw noSuchConversation();
    await account.lookFor(conversationId);
    return toMessage(await account.delivery.send(conversationId, body));
  }

  edit(
    messageId: MessageId,
    text: string,
    { mentions }: { mentions?: readonly Mention[] } = {},
  ): Promise<Message> {
    return calling(async () => {
      checkText(text);
      const body = { type: "edit", of: messageId, text, ...mentionsIn(text, mentions) } as const;
      return toMessage(await this.#open().delivery.change(body));
    });
  }

  pin(messageId: MessageId, pinned: boolean): Promise<Message> {
    return calling(async () =>
      toMessage(await this.#open().delivery.change({ type: "pin", of: messageId, pinned })),
    );
  }

  recall(messageId: MessageId): Promise<Message> {
    return calling(async () =>
      toMessage(await this.#open().delivery.change({ type: "recall", of: messageId })),
    );
  }

  react(messageId: MessageId, emoji: string | undefined): Promise<Message> {
    return calling(async () => {
      if (emoji !== undefined && !v.is(Emoji, emoji)) {
        throw new ChatKitError("invalid-emoji", "A reaction is one emoji.");
      }
      const body = {
        type: "reaction",
        of: messageId,
        ...(emoji === undefined ? {} : { emoji }),
      } as const;
      return toMessage(await this.#open().delivery.change(body));
    });
  }

  resend(messageId: MessageId): Promise<Message> {
    return calling(async () => toMessage(await this.#open().delivery.resend(messageId)));
  }

  history(conversationId: ConversationId, options: HistoryPage = {}): Promise<readonly Message[]> {
    return calling(async () => {
      const { book, delivery } = this.#open();
      if (book.get(conversationId) === undefined) throw noSuchConversation();
      const { limit = HISTORY_PAGE } = options;
      const messages = await delivery.history(conversationId, {
        ...options,
        limit: Math.min(Math.max(Math.trunc(limit), 1), MAX_HISTORY_PAGE),
      });
      return messages.map(toMessage);
    });
  }

  search(query: string, options?: SearchOptions): Promise<SearchPage> {
    return this.#archive.search(query, options);
  }

  message(messageId: MessageId): Promise<Message | undefined> {
    return calling(async () => {
      const found = await this.#open().delivery.find(messageId);
      return found && toMessage(found);
    });
  }

  typing(conversationId: ConversationId, active: boolean): void {
    this.#account?.delivery.typing(conversationId, active);
  }

  details(messageId: MessageId): Promise<MessageDetails | undefined> {
    return calling(() => messageDetails(this.#open(), messageId));
  }

  links(): readonly LinkStatus[] {
    return this.#account?.links.status() ?? [];
  }

  on<E extends keyof ChatKitEvents>(
    event: E,
    handler: (payload: ChatKitEvents[E]) => void,
  ): () => void {
    return this.#emitter.on(event, handler);
  }

  #enter(userName: string, begin: (account: Account) => Promise<void>): Promise<Self> {
    return this.#exclusive(async () => {
      const account = await this.#openAccount(userName);
      try {
        if (this.#closed) throw new ChatKitError("closed", "ChatKit was closed.");
        this.#account = account;
        await begin(account);
        await account.listed;
        const self = account.roster.account;
        if (self === undefined) throw new ChatKitError("not-open", "The sign-in was not finished.");
        // The session is on disk before the host hears of it.
        await account.commit([]);
        return self;
      } catch (error) {
        this.#account = undefined;
        await account.close();
        throw error;
      }
    });
  }

  /** An account whose session has ended makes way. */
  async #openAccount(userName: string): Promise<Account> {
    const { host, server, pin } = this.#options;
    const ports = pinnedPorts(this.#options.ports, pin);
    if (this.#closed) throw new ChatKitError("closed", "ChatKit was closed.");
    const before = this.#account;
    if (before !== undefined) {
      const { state } = before.connection.state;
      if (state !== "signed-out" && state !== "idle") {
        throw new ChatKitError("already-open", "An account is open.");
      }
      this.#account = undefined;
      await before.close();
    }
    return await Account.open({ server, userName, host, ports, emitter: this.#emitter });
  }

  #open(): Account {
    if (this.#closed) throw new ChatKitError("closed", "ChatKit was closed.");
    if (this.#account === undefined) throw new ChatKitError("not-open", "No account is open.");
    return this.#account;
  }

  #exclusive<T>(use: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => calling(use));
    // The next in turn does not care how this one ended; its caller is told.
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

/** @throws ChatKitError empty-text, text-too-long */
function checkText(text: string): void {
  if (text.trim() === "") throw new ChatKitError("empty-text", "There is nothing to send.");
  if (text.length > limits.MAX_TEXT_LENGTH) {
    throw new ChatKitError(
      "text-too-long",
      `A message has at most ${limits.MAX_TEXT_LENGTH} characters.`,
    );
  }
}

function mentionsIn(text: string, mentions?: readonly Mention[]): { mentions?: Mention[] } {
  const valid = validMentions(text, mentions);
  return valid.length === 0 ? {} : { mentions: [...valid] };
}

function noSuchConversation(): ChatKitError {
  return new ChatKitError("no-such-conversation", "There is no such conversation.");
}
