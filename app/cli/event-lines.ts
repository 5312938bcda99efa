import * as v from "valibot";
import type { ConnectionState, Message } from "../../shared/chatkit/api.ts";
import type { ChatKitApi, ConversationsApi, RosterApi } from "../../shared/chatkit/chatkit.ts";
import type { GroupsApi } from "../../shared/chatkit/groups/groups-api.ts";
import {
  MembershipNote,
  type ConversationId,
  type RosterEntry,
  type UserId,
} from "../../shared/protocol/index.ts";
import { print } from "./terminal.ts";

/** The part of the engine that is used. */
export interface EventsKit {
  readonly self: ChatKitApi["self"];
  readonly conversations: Pick<ConversationsApi, "get">;
  readonly groups: Pick<GroupsApi, "get">;
  readonly roster: Pick<RosterApi, "get">;
}

/** What `beeline listen` prints: one JSON object a line. Fields: `beeline help listen`. */
export class EventLines {
  readonly #kit: EventsKit;
  readonly #print: (line: string) => void;
  /** Groups as they were told last: of what else changes about them nobody is told. */
  readonly #groups = new Map<ConversationId, string>();

  constructor(kit: EventsKit, printed: (line: string) => void = print) {
    this.#kit = kit;
    this.#print = printed;
  }

  ready(): void {
    const { self } = this.#kit;
    this.#tell("ready", {
      user: self?.profile.userName,
      userId: self?.profile.userId,
      deviceId: self?.deviceId,
    });
  }

  connection(connection: ConnectionState): void {
    const { state } = connection;
    this.#tell("connection", {
      state,
      ...(state === "waiting" ? { retryAt: connection.retryAt } : {}),
      ...(state === "signed-out" ? { reason: connection.reason } : {}),
    });
  }

  presence({ profile, state, presence }: RosterEntry): void {
    this.#tell("presence", {
      user: profile.userName,
      userId: profile.userId,
      state,
      show: presence.show,
      statusText: presence.statusText,
    });
  }

  /** Unless it was told so already. */
  group(conversationId: ConversationId): void {
    const group = this.#kit.groups.get(conversationId);
    if (group === undefined) return;
    const fields = {
      conversationId,
      ...this.#groupOf(conversationId),
      standing: group.standing,
      ...(group.role === undefined ? {} : { role: group.role }),
      members: group.members.length,
      announcements: group.announcements,
    };
    const state = JSON.stringify(fields);
    if (this.#groups.get(conversationId) === state) return;
    this.#groups.set(conversationId, state);
    this.#tell("group", fields);
  }

  /** A message of somebody else, or what they did in a group. */
  received(message: Message): void {
    const { id, conversationId, from, body, sentAt, receivedAt, delivery } = message;
    const note = v.safeParse(MembershipNote, body);
    if (note.success) {
      this.#membership(message, note.output);
      return;
    }
    this.#tell("message", {
      id,
      conversationId,
      ...this.#groupOf(conversationId),
      ...this.#person(conversationId, from),
      type: body.type,
      ...("text" in body ? { text: body.text } : {}),
      sentAt,
      receivedAt,
      ...("path" in delivery ? { path: delivery.path } : {}),
    });
  }

  delivery({ id, conversationId, delivery }: Message): void {
    const peer = this.#kit.conversations.get(conversationId)?.peer;
    const { state, ...details } = delivery;
    this.#tell("delivery", {
      id,
      conversationId,
      ...this.#groupOf(conversationId),
      ...(peer === undefined ? {} : this.#person(conversationId, peer)),
      state,
      ...details,
    });
  }

  /** What it says now, and what people did to it. */
  change(message: Message): void {
    const { body, conversationId, editedAt, from, id, pinnedAt, reactions } = message;
    this.#tell("change", {
      id,
      conversationId,
      ...this.#groupOf(conversationId),
      ...this.#person(conversationId, from),
      type: body.type,
      ...("text" in body ? { text: body.text } : {}),
      ...(editedAt === undefined ? {} : { editedAt }),
      ...(pinnedAt === undefined ? {} : { pinnedAt }),
      reactions: reactions.map(({ emoji, userId }) => ({
        ...this.#person(conversationId, userId),
        emoji,
      })),
    });
  }

  file(id: string, path: string): void {
    this.#tell("file", { id, path });
  }

  #membership({ conversationId, id, sentAt }: Message, note: MembershipNote): void {
    this.#tell("membership", {
      id,
      conversationId,
      ...this.#groupOf(conversationId),
      ...this.#person(conversationId, note.by),
      change: note.change,
      ...(note.people === undefined
        ? {}
        : { people: note.people.map((userId) => this.#person(conversationId, userId)) }),
      ...(note.role === undefined ? {} : { role: note.role }),
      sentAt,
    });
  }

  /** The name of a group; nothing in a conversation of two. */
  #groupOf(conversationId: ConversationId): { readonly group?: string } {
    if (this.#kit.groups.get(conversationId) === undefined) return {};
    const title = this.#kit.conversations.get(conversationId)?.title;
    return title === undefined ? {} : { group: title };
  }

  /** With their user name, unless they have left the roster and the group. */
  #person(
    conversationId: ConversationId,
    userId: UserId,
  ): { readonly user?: string; readonly userId: UserId } {
    const { groups, roster, self } = this.#kit;
    const profile = self?.profile.userId === userId ? self.profile : roster.get(userId)?.profile;
    const member = groups.get(conversationId)?.members.find((one) => one.userId === userId);
    const user = profile?.userName ?? member?.userName;
    return { ...(user === undefined ? {} : { user }), userId };
  }

  #tell(event: string, fields: Record<string, unknown>): void {
    this.#print(JSON.stringify({ event, ...fields }));
  }
}
