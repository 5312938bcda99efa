import {
  ChatKitError,
  type ChatKitEvents,
  type ConnectionState,
  type Conversation,
  type LinkStatus,
  type Message,
  type MessageDetails,
  type OwnDevice,
  type Self,
} from "../../../shared/chatkit/api.ts";
import type {
  ChatKitApi,
  ConversationsApi,
  DevicesApi,
  HistoryPage,
  RosterApi,
} from "../../../shared/chatkit/chatkit.ts";
import {
  changedSettings,
  type SettingsChange,
} from "../../../shared/chatkit/conversations/settings-change.ts";
import type { ConversationSettings } from "../../../shared/chatkit/store.ts";
import type {
  ConversationId,
  RosterEntry,
  ServerInfo,
  UserId,
} from "../../../shared/protocol/index.ts";
import {
  conversationId,
  deviceId,
  message,
  rosterEntry,
  someLines,
  somePeople,
  userId,
  type Person,
} from "./fake-people.ts";
import { FakeFiles } from "./fake-files.ts";
import { FakeArchive } from "./fake-archive.ts";
import { FakeGroups } from "./fake-groups.ts";
import { groupTalk, someGroups, strangers } from "./fake-group-talk.ts";
import { FakeNetwork } from "./fake-network.ts";
import { FakePrivacy, someMemberTrail, someTrail } from "./fake-parts.ts";
import { FakeSafety } from "./fake-safety.ts";

type Handlers = { [E in keyof ChatKitEvents]: Set<(payload: ChatKitEvents[E]) => void> };

export interface FakeOptions {
  readonly people?: readonly Person[];
  /** Unread messages by number of the person. */
  readonly unread?: Readonly<Record<number, number>>;
  /** With some groups. */
  readonly groups?: boolean;
  readonly signedIn?: boolean;
  readonly registration?: ServerInfo["registration"];
  readonly now?: number;
}

const publicKey = `${"A".repeat(43)}=`;

/** The engine's interface over scripted data: no server, no store. For tests and screenshots. */
export class FakeKit implements ChatKitApi {
  connection: ConnectionState;
  self: Self | undefined;
  readonly server: ServerInfo;
  readonly messages = new Map<ConversationId, Message[]>();
  readonly read: ConversationId[] = [];
  closed = false;
  readonly #entries = new Map<UserId, RosterEntry>();
  readonly #peers = new Map<ConversationId, UserId>();
  readonly #unread = new Map<ConversationId, number>();
  readonly #settings = new Map<ConversationId, ConversationSettings>();
  readonly #links: LinkStatus[];
  readonly #now: number;
  #next = 5_000;
  readonly #handlers: Handlers = {
    connection: new Set(),
    self: new Set(),
    roster: new Set(),
    group: new Set(),
    rosterRemoved: new Set(),
    devices: new Set(),
    safety: new Set(),
    conversation: new Set(),
    message: new Set(),
    messageChanged: new Set(),
    typing: new Set(),
    link: new Set(),
    route: new Set(),
    transfer: new Set(),
    messagesRemoved: new Set(),
    historyMerged: new Set(),
    notice: new Set(),
  };

  constructor(options: FakeOptions = {}) {
    this.#now = options.now ?? Date.now();
    this.server = {
      name: "Hive at the harbour",
      version: "0.1.0",
      protocol: { major: 1, minor: 0 },
      registration: options.registration ?? "open",
      limits: {
        textLength: 10_000,
        envelopeBytes: 65_536,
        devicesPerAccount: 8,
        rosterEntries: 1000,
        mailboxBytes: 67_108_864,
        mailboxEnvelopes: 20_000,
        mailboxMaxAgeMs: 2_592_000_000,
      },
      now: this.#now,
    };
    for (const person of options.people ?? somePeople(this.#now)) {
      this.#entries.set(userId(person.number), rosterEntry(person));
      const lines = someLines(person.number);
      const id = conversationId(person.number);
      this.#peers.set(id, userId(person.number));
      if (lines.length === 0) continue;
      this.messages.set(
        id,
        lines.map((line, index) => message(person.number, index, line, this.#now)),
      );
      this.#unread.set(id, options.unread?.[person.number] ?? 0);
    }
    if (options.groups === true) {
      for (const group of someGroups(this.#now)) this.groups.add(group);
      for (const [id, talk] of groupTalk(this.#now)) this.messages.set(id, [...talk]);
    }
    const base = {
      relay: "none",
      bytesSent: 0,
      bytesReceived: 0,
      slow: false,
      near: false,
    } as const;
    this.#links = [
      {
        ...base,
        userId: userId(1),
        deviceId: deviceId(1),
        direct: "open",
        openedInMs: 63,
        roundTripMs: 1.4,
        near: true,
        pair: { local: "host", remote: "host", protocol: "udp", remoteAddress: "192.168.1.23" },
        bytesSent: 48_200,
        bytesReceived: 1_204_000,
      },
      {
        ...base,
        userId: userId(3),
        deviceId: deviceId(3),
        direct: "failed",
        relay: "open",
        roundTripMs: 38,
        bytesSent: 9_310,
        bytesReceived: 12_040,
      },
      { ...base, userId: userId(5), deviceId: deviceId(5), direct: "opening" },
    ];
    this.self = options.signedIn === false ? undefined : this.#makeSelf("ada", "Ada Lovelace");
    this.connection = options.signedIn === false ? { state: "idle" } : this.#online();
  }

  readonly roster: RosterApi = {
    entries: () => [...this.#entries.values()],
    get: (id) => this.#entries.get(id),
    add: async (userName) => {
      if (userName === "nobody") throw new ChatKitError("no-such-user", "no such user");
      this.#next += 1;
      return this.#put(
        rosterEntry({ number: this.#next, userName, displayName: userName, state: "requested" }),
      );
    },
    accept: async (id) => this.#change(id, { state: "buddies" }),
    decline: async (id) => this.#remove(id),
    remove: async (id) => this.#remove(id),
    block: async (id) => this.#change(id, { state: "blocked" }),
    unblock: async (id) => this.#remove(id),
    update: async (id, change) => this.#change(id, change),
    ready: async () => undefined,
  };

  readonly conversations: ConversationsApi = {
    list: () =>
      [...this.messages.keys()]
        .map((id) => this.#conversation(id))
        .toSorted((a, b) => (b.last?.sentAt ?? 0) - (a.last?.sentAt ?? 0)),
    get: (id) =>
      this.#peers.has(id) || this.groups.get(id) !== undefined ? this.#conversation(id) : undefined,
    withPeer: async (peer) => {
      for (const [id, of] of this.#peers) if (of === peer) return this.#conversation(id);
      this.#next += 1;
      const id = conversationId(this.#next);
      this.#peers.set(id, peer);
      return this.#conversation(id);
    },
    markRead: async (id) => {
      this.read.push(id);
      this.#unread.set(id, 0);
      this.#configure(id, { markedUnread: false });
    },
    markUnread: async (from) => {
      const { conversationId: id, order } = this.#find(from);
      const after = (this.messages.get(id) ?? []).filter((one) => one.order >= order && !one.own);
      this.#unread.set(id, after.length);
      this.emit("conversation", this.#conversation(id));
    },
    configure: async (id, change) => this.#configure(id, change),
    pins: async (id) =>
      (this.messages.get(id) ?? [])
        .filter(({ pinnedAt }) => pinnedAt !== undefined)
        .toSorted((a, b) => (b.pinnedAt ?? 0) - (a.pinnedAt ?? 0)),
  };

  readonly privacy = new FakePrivacy();
  readonly groups = new FakeGroups({
    nameOf: (id) => this.#nameOf(id),
    conversation: (id) => this.#conversation(id),
    tell: (group, note) => {
      this.emit("group", group);
      this.#next += 1;
      const { conversationId: id } = group;
      const told = message(0, this.#next, [0, true, ""], Date.now());
      this.receive({ ...told, conversationId: id, body: { type: "membership", ...note } });
    },
  });

  readonly devices: DevicesApi = {
    list: () => this.#ownDevices(),
    rename: async (id, name) =>
      this.#setDevices((all) =>
        all.map((device) => (device.deviceId === id ? { ...device, name } : device)),
      ),
    remove: async (id) => this.#setDevices((all) => all.filter((device) => device.deviceId !== id)),
  };

  readonly network = new FakeNetwork(
    () => this.#links,
    (id) => this.#entries.get(id)?.devices[0]?.deviceId,
    (route) => this.emit("route", route),
  );

  readonly safety = new FakeSafety(
    (id) => this.#entries.has(id),
    (safety) => this.emit("safety", safety),
  );

  readonly files = new FakeFiles(this);
  readonly archive = new FakeArchive(this.messages, (conversationId, ids) =>
    this.emit("messagesRemoved", { conversationId, ids }),
  );
  readonly search = this.archive.search;

  serverInfo = async (): Promise<ServerInfo> => this.server;
  register = async (account: { userName: string; displayName?: string }): Promise<Self> =>
    this.#enter(account.userName, account.displayName ?? account.userName);
  signIn = async (account: { userName: string; password: string }): Promise<Self> => {
    if (account.password === "wrong-password") {
      throw new ChatKitError("wrong-credential", "wrong credential");
    }
    return this.#enter(account.userName, "Ada Lovelace");
  };
  restore = async (): Promise<boolean> => this.self !== undefined;
  signOut = async (): Promise<void> => this.setConnection({ state: "idle" });
  readonly erased: string[] = [];
  erase = async (userName: string): Promise<void> => void this.erased.push(userName);
  close = async (): Promise<void> => {
    this.closed = true;
  };
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
  reconnectNow(): void {
    this.setConnection(this.#online());
  }

  changePassword = async (current: string): Promise<void> => {
    if (current === "wrong-password") throw new ChatKitError("wrong-credential", "wrong");
  };
  setDisplayName = async (displayName: string): Promise<void> =>
    this.#setSelf((self) => ({ ...self, profile: { ...self.profile, displayName } }));
  setPresence = async (presence: Pick<Self, "show" | "statusText">): Promise<void> =>
    this.#setSelf((self) => ({ ...self, ...presence }));

  send = async (
    id: ConversationId,
    text: string,
    { replyTo }: { replyTo?: Message["id"] } = {},
  ): Promise<Message> => {
    this.#next += 1;
    const sent = {
      ...message(0, this.#next, [0, true, text], Date.now()),
      conversationId: id,
      body: { type: "text", text, ...(replyTo === undefined ? {} : { replyTo }) },
      delivery: { state: "queued", waiting: "sending" },
    } as const;
    this.receive(sent);
    return sent;
  };
  edit = async (id: Message["id"], text: string): Promise<Message> =>
    this.change({
      ...this.#find(id),
      body: { type: "text", text },
      editedAt: Date.now(),
    });
  recall = async (id: Message["id"]): Promise<Message> =>
    this.change({ ...this.#find(id), body: { type: "recalled" }, reactions: [] });
  react = async (id: Message["id"], emoji: string | undefined): Promise<Message> => {
    const found = this.#find(id);
    const others = found.reactions.filter((reaction) => reaction.userId !== userId(0));
    const own = emoji === undefined ? [] : [{ userId: userId(0), emoji }];
    return this.change({ ...found, reactions: [...others, ...own] });
  };
  forward = async (
    id: Message["id"],
    to: readonly ConversationId[],
  ): Promise<readonly Message[]> => {
    const body = this.#find(id).body;
    return await Promise.all(
      to.map((target) =>
        this.send(target, "text" in body && typeof body.text === "string" ? body.text : ""),
      ),
    );
  };
  pin = async (id: Message["id"], pinned: boolean): Promise<Message> => {
    const { pinnedAt: _, ...found } = this.#find(id);
    return this.change({ ...found, ...(pinned ? { pinnedAt: Date.now() } : {}) });
  };
  readonly typed: (readonly [ConversationId, boolean])[] = [];
  typing = (id: ConversationId, active: boolean): void => {
    this.typed.push([id, active]);
  };
  details = async (id: Message["id"]): Promise<MessageDetails> => {
    const found = this.#find(id);
    return {
      message: found,
      from: { userId: found.from, deviceId: deviceId(0), name: "Chrome · Linux" },
      reactions: found.reactions.map((reaction) => ({ ...reaction, at: found.sentAt + 60_000 })),
      devices: found.own ? someTrail(found.sentAt) : [],
      ...(found.own && this.groups.get(found.conversationId) !== undefined
        ? { members: someMemberTrail }
        : {}),
    };
  };
  resend = async (id: Message["id"]): Promise<Message> => {
    return this.change({ ...this.#find(id), delivery: { state: "queued", waiting: "sending" } });
  };
  history = async (id: ConversationId, options: HistoryPage = {}): Promise<readonly Message[]> => {
    const { after, before, limit = 50 } = options;
    const all = this.messages.get(id) ?? [];
    const between = all.filter(
      ({ order }) => (before ?? "~") > order && (after === undefined || order > after),
    );
    return after === undefined ? between.slice(-limit) : between.slice(0, limit);
  };
  message = async (id: Message["id"]): Promise<Message | undefined> =>
    [...this.messages.values()].flat().find((known) => known.id === id);
  links = (): readonly LinkStatus[] => this.#links;

  on<E extends keyof ChatKitEvents>(
    event: E,
    handler: (payload: ChatKitEvents[E]) => void,
  ): () => void {
    this.#handlers[event].add(handler);
    return () => this.#handlers[event].delete(handler);
  }

  emit<E extends keyof ChatKitEvents>(event: E, payload: ChatKitEvents[E]): void {
    for (const handler of this.#handlers[event]) handler(payload);
  }

  setConnection(state: ConnectionState): void {
    this.connection = state;
    this.emit("connection", state);
  }

  /** A message arrives, from either side. */
  receive(message: Message): void {
    const id = message.conversationId;
    this.messages.set(id, [...(this.messages.get(id) ?? []), message]);
    if (!message.own) this.#unread.set(id, (this.#unread.get(id) ?? 0) + 1);
    this.emit("message", message);
    this.emit("conversation", this.#conversation(id));
  }

  change(message: Message): Message {
    const id = message.conversationId;
    const all = this.messages.get(id) ?? [];
    this.messages.set(
      id,
      all.map((known) => (known.id === message.id ? message : known)),
    );
    this.emit("messageChanged", message);
    this.emit("conversation", this.#conversation(id));
    return message;
  }

  #configure(id: ConversationId, change: SettingsChange): void {
    this.#settings.set(id, changedSettings(this.#settings.get(id), change));
    this.emit("conversation", this.#conversation(id));
  }

  #find(id: Message["id"]): Message {
    const found = [...this.messages.values()].flat().find((known) => known.id === id);
    if (found === undefined) throw new ChatKitError("no-such-message", "no such message");
    return found;
  }

  #enter(userName: string, displayName: string): Self {
    const self = this.#makeSelf(userName, displayName);
    this.self = self;
    this.emit("self", self);
    this.setConnection(this.#online());
    return self;
  }

  #online(): ConnectionState {
    return { state: "online", server: this.server };
  }

  #makeSelf(userName: string, displayName: string): Self {
    return {
      profile: { userId: userId(0), userName, displayName },
      deviceId: deviceId(0),
      devices: [
        { deviceId: deviceId(0), name: "Chrome · Linux", publicKey },
        { deviceId: deviceId(900), name: "ada-laptop", publicKey },
      ],
      show: "online",
      statusText: "Writing note G",
    };
  }

  #setSelf(change: (self: Self) => Self): void {
    if (this.self === undefined) return;
    this.self = change(this.self);
    this.emit("self", this.self);
  }

  #ownDevices(): readonly OwnDevice[] {
    return (this.self?.devices ?? []).map(({ deviceId: id, name }) => {
      const current = id === this.self?.deviceId;
      return { deviceId: id, name, current, online: current, vouched: true };
    });
  }

  #setDevices(change: (devices: Self["devices"]) => Self["devices"]): void {
    this.#setSelf((self) => ({ ...self, devices: change(self.devices) }));
    this.emit("devices", this.#ownDevices());
  }

  #put(entry: RosterEntry): RosterEntry {
    this.#entries.set(entry.profile.userId, entry);
    this.emit("roster", entry);
    return entry;
  }

  #change(id: UserId, change: Partial<RosterEntry>): RosterEntry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new ChatKitError("no-such-entry", "no such entry");
    return this.#put({ ...entry, ...change });
  }

  #remove(id: UserId): void {
    this.#entries.delete(id);
    this.emit("rosterRemoved", id);
  }

  #nameOf(id: UserId): string {
    const stranger = [...strangers].find(([number]) => userId(number) === id)?.[1];
    if (id === this.self?.profile.userId) return this.self.profile.displayName;
    return this.#entries.get(id)?.profile.displayName ?? stranger ?? "Somebody";
  }

  #conversation(id: ConversationId): Conversation {
    const group = this.groups.get(id);
    const peer = this.#peers.get(id) ?? userId(0);
    const last = this.messages.get(id)?.at(-1);
    return {
      conversationId: id,
      ...(group === undefined ? { peer } : {}),
      title: group?.about?.name ?? this.#nameOf(peer),
      unread: this.#unread.get(id) ?? 0,
      settings: this.#settings.get(id) ?? {},
      ...(last === undefined
        ? {}
        : {
            last: {
              id: last.id,
              body: last.body,
              from: last.from,
              own: last.own,
              sentAt: last.sentAt,
              ...(last.own ? { delivery: last.delivery } : {}),
            },
          }),
    };
  }
}
