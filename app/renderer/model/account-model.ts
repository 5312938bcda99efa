import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type {
  ConnectionState,
  Conversation,
  LinkStatus,
  Notice,
  OwnDevice,
  Route,
  Safety,
  Self,
} from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import type { ConversationId, RosterEntry, UserId } from "../../../shared/protocol/index.ts";
import { entryName } from "./buddies.ts";
import { ConversationModel } from "./conversation-model.ts";
import { LinkPreviews } from "./link-previews.ts";
import { mutedUntil } from "./mute.ts";
import { FileDesk } from "./files.ts";

/** What is shown beside the list. */
export interface OpenConversation {
  /** Absent in a group. */
  readonly peer?: UserId;
  readonly model: ConversationModel;
}

/** A signed-in account: the engine's state as signals, and what is open in this window. */
export class AccountModel {
  readonly kit: ChatKitApi;
  readonly files: FileDesk;
  readonly previews = new LinkPreviews();
  readonly server: string;
  /** Of the server's own certificate, where it was given by an invitation link. */
  readonly pin: string | undefined;
  readonly #connection;
  readonly #self;
  readonly #roster = signal<ReadonlyMap<UserId, RosterEntry>>(new Map());
  readonly #conversations = signal<readonly Conversation[]>([]);
  readonly #links = signal<readonly LinkStatus[]>([]);
  readonly #devices = signal<readonly OwnDevice[]>([]);
  readonly #safety = signal<ReadonlyMap<UserId, Safety>>(new Map());
  readonly #routes = signal<ReadonlyMap<UserId, Route>>(new Map());
  readonly #typing = signal<ReadonlyMap<ConversationId, readonly UserId[]>>(new Map());
  readonly #groups = signal<ReadonlyMap<ConversationId, Group>>(new Map());
  readonly #clockDiffers = signal(false);
  readonly #open = signal<OpenConversation | undefined>(undefined);
  readonly #unsubscribe: readonly (() => void)[];
  /** Grows with everything that is opened or closed. */
  #asked = 0;

  /** The roster; without the server an open direct link tells who is there. */
  readonly roster: ReadonlySignal<ReadonlyMap<UserId, RosterEntry>> = computed(() => {
    const roster = this.#roster.value;
    if (this.#connection.value.state === "online") return roster;
    const there = this.#links.value.filter(({ direct }) => direct === "open");
    if (there.length === 0) return roster;
    const seen = new Map(roster);
    for (const { userId } of there) {
      const entry = seen.get(userId);
      if (entry?.presence.show !== "offline") continue;
      seen.set(userId, { ...entry, presence: { ...entry.presence, show: "online" } });
    }
    return seen;
  });

  /** Messages not seen, muted conversations left out; one marked as unread counts as one. */
  readonly unread: ReadonlySignal<number> = computed(() => {
    const now = Date.now();
    return this.#conversations.value
      .filter(({ settings }) => mutedUntil(settings, now) === undefined)
      .map(({ settings, unread }) => Math.max(unread, settings.markedUnread === true ? 1 : 0))
      .reduce((sum, unread) => sum + unread, 0);
  });

  constructor(
    kit: ChatKitApi,
    { server, pin }: { readonly server: string; readonly pin?: string },
    onNotice: (notice: Notice) => void,
  ) {
    this.kit = kit;
    this.files = new FileDesk(kit);
    this.server = server;
    this.pin = pin;
    this.#connection = signal<ConnectionState>(kit.connection);
    this.#self = signal<Self | undefined>(kit.self);
    const roster = once(() => {
      this.#roster.value = new Map(kit.roster.entries().map((e) => [e.profile.userId, e]));
    });
    const conversations = once(() => {
      this.#conversations.value = kit.conversations.list();
    });
    const links = once(() => {
      this.#links.value = kit.links();
    });
    this.#unsubscribe = [
      kit.on("connection", (state) => {
        this.#connection.value = state;
      }),
      kit.on("self", (self) => {
        this.#self.value = self;
      }),
      kit.on("roster", roster),
      kit.on("rosterRemoved", roster),
      kit.on("conversation", conversations),
      kit.on("message", conversations),
      kit.on("group", (group) => {
        this.#groups.value = new Map(this.#groups.peek()).set(group.conversationId, group);
        // Its name is its conversation's.
        conversations();
      }),
      kit.on("link", links),
      kit.on("devices", (devices) => {
        this.#devices.value = devices;
      }),
      kit.on("route", (route) => {
        this.#routes.value = new Map(this.#routes.peek()).set(route.userId, route);
      }),
      kit.on("typing", ({ active, conversationId, userId }) => {
        const typing = new Map(this.#typing.peek());
        const others = (typing.get(conversationId) ?? []).filter((other) => other !== userId);
        const now = active ? [...others, userId] : others;
        if (now.length > 0) typing.set(conversationId, now);
        else typing.delete(conversationId);
        this.#typing.value = typing;
      }),
      kit.on("safety", (safety) => this.#putSafety(safety)),
      kit.on("notice", (notice) => {
        if (notice.kind === "clock-differs") this.#clockDiffers.value = true;
        onNotice(notice);
      }),
    ];
    const groups = kit.conversations
      .list()
      .map(({ conversationId }) => kit.groups.get(conversationId))
      .filter((group) => group !== undefined);
    this.#groups.value = new Map(groups.map((group) => [group.conversationId, group]));
    roster();
    conversations();
    links();
    this.#devices.value = kit.devices.list();
  }

  get connection(): ReadonlySignal<ConnectionState> {
    return this.#connection;
  }
  get self(): ReadonlySignal<Self | undefined> {
    return this.#self;
  }
  /** Newest first. */
  get conversations(): ReadonlySignal<readonly Conversation[]> {
    return this.#conversations;
  }
  get links(): ReadonlySignal<readonly LinkStatus[]> {
    return this.#links;
  }
  /** This one first. */
  get devices(): ReadonlySignal<readonly OwnDevice[]> {
    return this.#devices;
  }
  /** Of those that were asked about, or of whom something was told. */
  get safety(): ReadonlySignal<ReadonlyMap<UserId, Safety>> {
    return this.#safety;
  }
  /** Of those whose routes changed since the account was opened. */
  get routes(): ReadonlySignal<ReadonlyMap<UserId, Route>> {
    return this.#routes;
  }
  /** Who types, in the order in which they began; nobody in the conversations that are not there. */
  get typing(): ReadonlySignal<ReadonlyMap<ConversationId, readonly UserId[]>> {
    return this.#typing;
  }
  get groups(): ReadonlySignal<ReadonlyMap<ConversationId, Group>> {
    return this.#groups;
  }

  /** What this person calls somebody, or what they call themselves where they are no buddy. */
  nameOf(userId: UserId): string {
    const entry = this.roster.value.get(userId);
    if (entry !== undefined) return entryName(entry);
    const self = this.#self.value?.profile;
    if (self?.userId === userId) return self.displayName;
    // Whoever shows it follows the groups: with them the names of the people in them become known.
    return this.#groups.value.size === 0 ? userId : this.kit.groups.nameOf(userId);
  }

  /** What to call a conversation: the person, or the group. */
  titleOf({ peer, title }: Pick<Conversation, "peer" | "title">): string {
    const entry = peer === undefined ? undefined : this.roster.value.get(peer);
    return entry === undefined ? title : entryName(entry);
  }
  get clockDiffers(): ReadonlySignal<boolean> {
    return this.#clockDiffers;
  }
  get open(): ReadonlySignal<OpenConversation | undefined> {
    return this.#open;
  }

  /** Shows the conversation with somebody. Rejects with `ChatKitError`. */
  async openPeer(peer: UserId): Promise<void> {
    const asked = this.#asked + 1;
    this.#asked = asked;
    if (this.#open.peek()?.peer === peer) return;
    const { conversationId } = await this.kit.conversations.withPeer(peer);
    // Somebody else was asked for meanwhile: the last one counts.
    if (asked === this.#asked) await this.openConversation(conversationId);
  }

  async openConversation(conversationId: ConversationId): Promise<void> {
    this.#asked += 1;
    const known = this.kit.conversations.get(conversationId);
    if (known === undefined) return;
    if (this.#open.peek()?.model.conversationId === conversationId) return;
    this.closeConversation();
    const model = new ConversationModel(this.kit, conversationId);
    this.#open.value = { ...(known.peer === undefined ? {} : { peer: known.peer }), model };
    await model.open(known.unread);
  }

  /** Goes so many places down in the list, or up; past its ends it stays. */
  async openNext(step: 1 | -1): Promise<void> {
    const open = this.#open.peek()?.model.conversationId;
    const list = this.#conversations
      .peek()
      .filter(
        ({ conversationId, last, settings }) =>
          conversationId === open || (last !== undefined && settings.archived !== true),
      );
    const at = list.findIndex(({ conversationId }) => conversationId === open);
    // With none open, down is the first; up is nothing.
    const next = at < 0 && step < 0 ? undefined : list[at + step];
    if (next !== undefined) await this.openConversation(next.conversationId);
  }

  /** Under which a text not sent yet is kept: two accounts may have the same conversation. */
  draftKey(conversationId: ConversationId | ""): string {
    return `${this.#self.peek()?.profile.userId ?? ""}/${conversationId}`;
  }

  closeConversation(): void {
    this.#asked += 1;
    this.#open.peek()?.model.close();
    this.#open.value = undefined;
  }

  /** Asks how sure one can be about a buddy, unless it is known. */
  loadSafety(peer: UserId): void {
    if (this.#safety.peek().has(peer)) return;
    this.kit.safety.of(peer).then(
      (safety) => this.#putSafety(safety),
      // Their list is not here yet: it is told when it comes.
      () => undefined,
    );
  }

  #putSafety(safety: Safety): void {
    this.#safety.value = new Map(this.#safety.peek()).set(safety.userId, safety);
  }

  dismissClock(): void {
    this.#clockDiffers.value = false;
  }

  async close(): Promise<void> {
    this.closeConversation();
    this.files.close();
    for (const end of this.#unsubscribe) end();
    await this.kit.close();
  }
}

/** A burst of events makes one snapshot: a thousand buddies sign in at nine. */
function once(task: () => void): () => void {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      task();
    });
  };
}
