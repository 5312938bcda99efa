import { ChatKitError, type Conversation } from "../../../shared/chatkit/api.ts";
import type {
  Group,
  GroupAbout,
  GroupMember,
  GroupRole,
  GroupsApi,
  GroupSettings,
} from "../../../shared/chatkit/groups/groups-api.ts";
import type { ConversationId, MembershipNote, UserId } from "../../../shared/protocol/index.ts";
import { conversationId, userId } from "./fake-people.ts";

const LINK = `https://chat.example.org/#group=${conversationId(990)}&secret=${"A".repeat(43)}&key=${"A".repeat(43)}`;

/** What the fake needs of the kit around it. */
export interface FakeGroupsHost {
  nameOf(userId: UserId): string;
  conversation(conversationId: ConversationId): Conversation;
  /** Something happened there. */
  tell(group: Group, note: Omit<MembershipNote, "type">): void;
}

/** Groups whose people do what they are told, at once. */
export class FakeGroups implements GroupsApi {
  readonly #host: FakeGroupsHost;
  readonly #groups = new Map<ConversationId, Group>();
  #next = 991;

  constructor(host: FakeGroupsHost) {
    this.#host = host;
  }

  get ids(): readonly ConversationId[] {
    return [...this.#groups.keys()];
  }

  /** A group that is there from the start. */
  add(group: Group): void {
    this.#groups.set(group.conversationId, group);
  }

  async ready(): Promise<void> {}

  async told(): Promise<void> {}

  get(id: ConversationId): Group | undefined {
    return this.#groups.get(id);
  }

  nameOf(id: UserId): string {
    return this.#host.nameOf(id);
  }

  async found(
    wanted: GroupAbout & Partial<GroupSettings> & { readonly members: readonly UserId[] },
  ): Promise<Conversation> {
    const { announcements = false, members, membersInvite = false, ...about } = wanted;
    this.#next += 1;
    const group: Group = {
      conversationId: conversationId(this.#next),
      about,
      announcements,
      membersInvite,
      standing: "member",
      role: "owner",
      members: [this.#person(userId(0), "owner"), ...members.map((id) => this.#person(id))],
    };
    this.#put(group, { change: "found", by: userId(0), people: [...members] });
    return this.#host.conversation(group.conversationId);
  }

  async invite(id: ConversationId, people: readonly UserId[]): Promise<void> {
    const group = this.#find(id);
    const members = [...group.members, ...people.map((one) => this.#person(one))];
    this.#put({ ...group, members }, { change: "invite", by: userId(0), people: [...people] });
  }

  async remove(id: ConversationId, people: readonly UserId[]): Promise<void> {
    const group = this.#find(id);
    const members = group.members.filter((member) => !people.includes(member.userId));
    this.#put({ ...group, members }, { change: "remove", by: userId(0), people: [...people] });
  }

  async leave(id: ConversationId): Promise<void> {
    this.#end(id, "left", "leave");
  }

  async dissolve(id: ConversationId): Promise<void> {
    this.#end(id, "dissolved", "dissolve");
  }

  async setRole(id: ConversationId, member: UserId, role: GroupRole): Promise<void> {
    const group = this.#find(id);
    const members = group.members.map((one): GroupMember => {
      if (one.userId === member) return { ...one, role };
      return role === "owner" && one.role === "owner" ? { ...one, role: "admin" } : one;
    });
    const own = members.find((one) => one.userId === userId(0))?.role ?? "member";
    const note = { by: userId(0), people: [member], role };
    this.#put({ ...group, members, role: own }, { change: "role", ...note });
  }

  async configure(id: ConversationId, settings: Partial<GroupSettings>): Promise<void> {
    this.#put({ ...this.#find(id), ...settings }, { change: "settings", by: userId(0) });
  }

  async setAbout(id: ConversationId, about: GroupAbout): Promise<void> {
    this.#put({ ...this.#find(id), about }, { change: "about", by: userId(0) });
  }

  async makeLink(id: ConversationId, { expiresAt }: { expiresAt: number }): Promise<string> {
    const link = { text: LINK, expiresAt };
    this.#put({ ...this.#find(id), link }, { change: "link", by: userId(0) });
    return LINK;
  }

  async endLink(id: ConversationId): Promise<void> {
    const { link: _, ...group } = this.#find(id);
    this.#put(group, { change: "link", by: userId(0) });
  }

  async preview(link: string): Promise<{ readonly about: GroupAbout; readonly members: number }> {
    if (!link.includes("#group=")) throw new ChatKitError("group-link-invalid", "no such link");
    return { about: { name: "Rowing club", description: "Every Sunday at nine." }, members: 24 };
  }

  async join(link: string): Promise<Conversation> {
    const { about, members } = await this.preview(link);
    const group: Group = {
      conversationId: conversationId(990),
      about,
      announcements: false,
      membersInvite: true,
      standing: "member",
      role: "member",
      members: [
        this.#person(userId(1), "owner"),
        ...Array.from({ length: members - 1 }, (_, at) => this.#person(userId(700 + at))),
        this.#person(userId(0)),
      ],
    };
    this.#put(group, { change: "join", by: userId(0) });
    return this.#host.conversation(group.conversationId);
  }

  #end(id: ConversationId, standing: "left" | "dissolved", change: "leave" | "dissolve"): void {
    const { role: _, ...group } = this.#find(id);
    const members = group.members.filter((one) => one.userId !== userId(0));
    this.#put({ ...group, standing, members }, { change, by: userId(0) });
  }

  #put(group: Group, note: Omit<MembershipNote, "type">): void {
    this.#groups.set(group.conversationId, group);
    this.#host.tell(group, note);
  }

  #find(id: ConversationId): Group {
    const group = this.#groups.get(id);
    if (group === undefined) throw new ChatKitError("no-such-conversation", "no such group");
    return group;
  }

  #person(id: UserId, role: GroupRole = "member"): GroupMember {
    return { userId: id, name: this.nameOf(id), role, since: Date.now() };
  }
}
