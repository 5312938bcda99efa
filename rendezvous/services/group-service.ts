import { directConversationBytes } from "../../shared/crypto/index.ts";
import {
  encodeId,
  limits,
  ProtocolError,
  type ConversationId,
  type Params,
  type Result,
  type UserId,
  type WelcomeFor,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Member } from "../connection/member.ts";
import type { GroupStore, StoredGroup, StoredGroupView, StoredWelcome } from "../store/store.ts";
import { base64, bytesOf } from "./base64.ts";
import { event } from "./event-frames.ts";
import { idBytes } from "./id-bytes.ts";
import { noSuchConversation } from "./membership-service.ts";
import type { Memberships } from "./memberships.ts";
import type { Reach } from "./reach.ts";

/** Bytes of commits in one answer: with GroupInfo, Welcome and one commit more it fits a frame. */
const COMMIT_PAGE_BYTES = 512 * 1024;

/**
 * Epochs that no group reaches by counting. A group may begin in any below, for a server that has
 * lost it gets it back, and goes on from there by steps of which nobody can take the last.
 */
const MAX_FIRST_EPOCH = 2 ** 40;
const MAX_EPOCH = 2 ** 52;
/** How far a server that was set back may be behind its clients. */
const MAX_EPOCH_STEP = 2 ** 20;

/** The people who are told of a change, its maker included. */
type Told = Iterable<UserId>;

export interface GroupServiceOptions {
  readonly groups: GroupStore;
  readonly memberships: Memberships;
  readonly reach: Reach;
  readonly bus: Bus;
  readonly clock: Clock;
}

/**
 * The delivery service of MLS groups (RFC 9750 §5): orders commits, keeps what a member needs that
 * was away, and reads none of it. An MLS group is that of a conversation of two people, or of a group
 * of people, whose membership log tells who may use it.
 */
export class GroupService {
  readonly #options: GroupServiceOptions;

  constructor(options: GroupServiceOptions) {
    this.#options = options;
  }

  /**
   * @throws ProtocolError group-exists, not-buddies, no-such-conversation, invalid-params (another
   * conversation's id)
   */
  async create(member: Member, params: Params<"group.create">): Promise<{}> {
    const { groups, clock } = this.#options;
    const { conversationId, peer, epoch, groupInfo, welcome } = params;
    checkEpoch(epoch, MAX_FIRST_EPOCH);
    const { members, told } =
      peer === undefined
        ? await this.#ofGroup(member, conversationId)
        : await this.#ofTwo(member, conversationId, peer);
    await groups.create({
      conversationId,
      members,
      epoch,
      groupInfo: bytesOf(groupInfo),
      ...welcomeOf(welcome),
      now: clock.now(),
    });
    this.#tell(member, conversationId, epoch, told);
    return {};
  }

  /** @throws ProtocolError no-such-group, epoch-taken */
  async commit(member: Member, params: Params<"group.commit">): Promise<{}> {
    const { groups, clock } = this.#options;
    const { conversationId, epoch, commit, groupInfo, welcome } = params;
    const reached = await this.#reach(member, conversationId);
    checkEpoch(epoch, Math.min(reached.epoch + MAX_EPOCH_STEP, MAX_EPOCH));
    await groups.commit(
      {
        conversationId,
        epoch: epoch + 1,
        commit: bytesOf(commit),
        groupInfo: bytesOf(groupInfo),
        ...welcomeOf(welcome),
        now: clock.now(),
      },
      { count: limits.MAX_GROUP_COMMITS, bytes: limits.MAX_GROUP_COMMITS_BYTES },
    );
    this.#tell(member, conversationId, epoch + 1, reached.told);
    return {};
  }

  /** @throws ProtocolError no-such-group */
  get(member: Member, params: Params<"group.get">): Promise<Result<"group.get">> {
    // One at a time: an answer may be megabytes long.
    return member.connection.inTurn(async () => {
      const { conversationId, have } = params;
      await this.#reach(member, conversationId);
      const view = await this.#options.groups.view(conversationId, {
        deviceId: member.deviceId,
        ...(have === undefined ? {} : { have }),
        maxBytes: COMMIT_PAGE_BYTES,
      });
      if (view === undefined) throw noSuchGroup();
      return toWire(view);
    });
  }

  async list(member: Member, { after }: Params<"group.list">): Promise<Result<"group.list">> {
    const limit = limits.GROUP_LIST_PAGE;
    let from = after;
    for (;;) {
      const page = await this.#options.groups.list(member.userId, {
        ...(from === undefined ? {} : { after: from }),
        limit,
      });
      const more = page.length === limit;
      const groups: Result<"group.list">["groups"] = [];
      for (const group of page) {
        if ((await this.#toldOf(member, group)) === undefined) continue;
        groups.push({ conversationId: group.conversationId, epoch: group.epoch });
      }
      // A page of former buddies only would leave nothing to go on from.
      if (groups.length > 0 || !more) return { groups, more };
      from = page.at(-1)?.conversationId;
    }
  }

  /** Removes what only those need who were away for longer than they are waited for. */
  purge(): Promise<number> {
    const { groups, clock } = this.#options;
    return groups.removeBefore(clock.now() - limits.GROUP_COMMIT_MAX_AGE_MS);
  }

  async #ofTwo(
    member: Member,
    conversationId: ConversationId,
    peer: UserId,
  ): Promise<{ members: readonly UserId[]; told: Told }> {
    if (conversationId !== directConversation(member.userId, peer)) {
      throw new ProtocolError("invalid-params", "That is not the conversation with this person.");
    }
    const members = [member.userId, peer];
    const told = await this.#toldOfTwo(member, peer);
    if (told === undefined) throw new ProtocolError("not-buddies", "You are not buddies.");
    return { members, told };
  }

  async #ofGroup(
    { userId }: Member,
    conversationId: ConversationId,
  ): Promise<{ members: readonly UserId[]; told: Told }> {
    const told = await this.#options.memberships.usersFor(userId, conversationId);
    if (told === undefined) throw noSuchConversation();
    return { members: [], told };
  }

  /** @throws ProtocolError no-such-group, the same for strangers */
  async #reach(
    member: Member,
    conversationId: ConversationId,
  ): Promise<{ told: Told; epoch: number }> {
    const group = await this.#options.groups.find(conversationId);
    const told = group && (await this.#toldOf(member, group));
    if (group === undefined || told === undefined) throw noSuchGroup();
    return { told, epoch: group.epoch };
  }

  /** Whom to tell of what happens in the group, where the member may use it. */
  async #toldOf(
    member: Member,
    { conversationId, members }: StoredGroup,
  ): Promise<Told | undefined> {
    if (members.length === 0) {
      return this.#options.memberships.usersFor(member.userId, conversationId);
    }
    const peer = members.find((userId) => userId !== member.userId);
    if (peer === undefined || !members.includes(member.userId)) return undefined;
    return this.#toldOfTwo(member, peer);
  }

  /**
   * Somebody who blocked the member is not told of what happens in the group; the member must not
   * notice, and its own devices go on.
   */
  async #toldOfTwo(member: Member, peer: UserId): Promise<Told | undefined> {
    const standing = await this.#options.reach.standingWith(member, peer);
    if (standing === "buddy") return [member.userId, peer];
    return standing === "concealed" ? [member.userId] : undefined;
  }

  #tell({ deviceId }: Member, conversationId: ConversationId, epoch: number, users: Told): void {
    this.#options.bus.toUsers(users, event("group.changed", { conversationId, epoch }), deviceId);
  }
}

function directConversation(a: UserId, b: UserId): string {
  return encodeId(directConversationBytes(idBytes(a), idBytes(b)));
}

function checkEpoch(epoch: number, before: number): void {
  if (epoch >= before) throw new ProtocolError("invalid-params", "No group counts so far.");
}

function welcomeOf(welcome: WelcomeFor | undefined): { welcome?: StoredWelcome } {
  if (welcome === undefined) return {};
  return { welcome: { devices: welcome.devices, welcome: bytesOf(welcome.welcome) } };
}

function toWire({
  epoch,
  groupInfo,
  commits,
  more,
  welcome,
}: StoredGroupView): Result<"group.get"> {
  return {
    epoch,
    ...(groupInfo === undefined ? {} : { groupInfo: base64(groupInfo) }),
    commits: commits.map(({ epoch, commit }) => ({ epoch, commit: base64(commit) })),
    more,
    ...(welcome === undefined
      ? {}
      : { welcome: { epoch: welcome.epoch, welcome: base64(welcome.welcome) } }),
  };
}

function noSuchGroup(): ProtocolError {
  return new ProtocolError("no-such-group", "There is no such group.");
}
