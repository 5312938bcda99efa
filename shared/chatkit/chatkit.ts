import type {
  ConversationId,
  DeviceId,
  MessageId,
  RosterEntry,
  ServerInfo,
  Show,
  UserId,
} from "../protocol/index.ts";
import type {
  ChatKitEvents,
  ConnectionState,
  Conversation,
  LinkStatus,
  Message,
  Self,
} from "./api.ts";
import type { Host, Ports } from "./ports.ts";

export interface ChatKitOptions {
  /** `http:`, `https:`, `ws:` or `wss:` address of the rendezvous server. */
  readonly server: string;
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
}

export interface ConversationsApi {
  /** Newest first; a snapshot. */
  list(): readonly Conversation[];
  get(conversationId: ConversationId): Conversation | undefined;
  /** The conversation with a buddy, made if it is new. */
  withPeer(userId: UserId): Promise<Conversation>;
  /** Everything in it has been seen: unread becomes 0 and the sender is told. */
  markRead(conversationId: ConversationId): Promise<void>;
}

/** The engine's one entry. Every call rejects with `ChatKitError`; nothing throws synchronously. */
export interface ChatKitApi extends AsyncDisposable {
  readonly connection: ConnectionState;
  readonly self: Self | undefined;
  readonly roster: RosterApi;
  readonly conversations: ConversationsApi;

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
  /** Ends everything and releases it; the session can be restored. Idempotent. */
  close(): Promise<void>;
  /** Tries to connect now instead of at the end of the back-off. */
  reconnectNow(): void;

  changePassword(current: string, next: string): Promise<void>;
  setDisplayName(displayName: string): Promise<void>;
  removeDevice(deviceId: DeviceId): Promise<void>;
  setPresence(presence: { show: Show; statusText: string }): Promise<void>;

  /** Resolves once the message is on disk and queued; delivery is told by `messageChanged`. */
  send(conversationId: ConversationId, text: string): Promise<Message>;
  /** Queues a failed message again, with its id. */
  resend(messageId: MessageId): Promise<Message>;
  /** In order; the last `limit` (default 50) before `before` (a message's `order`). */
  history(
    conversationId: ConversationId,
    options?: { before?: string; limit?: number },
  ): Promise<readonly Message[]>;

  links(): readonly LinkStatus[];

  /** Subscribes; returns the function that ends it. A handler that throws harms nobody else. */
  on<E extends keyof ChatKitEvents>(
    event: E,
    handler: (payload: ChatKitEvents[E]) => void,
  ): () => void;
}
