import {
  limits,
  ProtocolError,
  type ConversationId,
  type DeviceId,
  type EventName,
  type EventParams,
  type GroupCommit,
  type MethodName,
  type Params,
  type Result,
  type UserId,
} from "../../protocol/index.ts";
import type { ConnectionState } from "../api.ts";
import { EventListeners } from "../connection/event-listeners.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { LinkPeer } from "../link.ts";
import type { Log } from "../ports.ts";
import { unreachable } from "./simulated-server.ts";
import { testServerInfo } from "./test-server-info.ts";

/** Pages smaller than the real ones, so that tests see several. */
const COMMITS_PAGE = 3;
const LIST_PAGE = 2;

interface KeptPackages {
  readonly single: readonly string[];
  readonly lastResort: string | undefined;
}

interface KeptGroup {
  readonly accounts: readonly UserId[];
  readonly epoch: number;
  readonly groupInfo: string;
  readonly commits: readonly GroupCommit[];
  readonly welcomes: ReadonlyMap<DeviceId, { readonly epoch: number; readonly welcome: string }>;
}

/** All that the delivery service has on disk. Its parts are replaced, never changed. */
export interface GroupsState {
  readonly packages: ReadonlyMap<DeviceId, KeptPackages>;
  readonly groups: ReadonlyMap<ConversationId, KeptGroup>;
}

/** What a dishonest server does; nothing of it by itself. */
export interface Dishonesty {
  /** Key packages that it hands out in place of those devices' own. */
  swapped: ReadonlyMap<DeviceId, string>;
  /** Commits that it does not show, or shows another for. */
  shown: (commit: GroupCommit, to: DeviceId) => GroupCommit | undefined;
  /** What it shows of a group, to whom. */
  view: (
    view: Result<"group.get">,
    to: DeviceId,
    params: Params<"group.get">,
  ) => Result<"group.get">;
  /** Devices that it keeps in a history of their own. */
  secluded: ReadonlySet<DeviceId>;
  /** Devices that are told of nothing. */
  silent: (to: DeviceId) => boolean;
}

function honest(): Dishonesty {
  return {
    swapped: new Map(),
    shown: (commit) => commit,
    view: (view) => view,
    secluded: new Set(),
    silent: () => false,
  };
}

/** The server as delivery service, in memory: it behaves as the wire's contract says, or is made not to. */
export class SimulatedGroups {
  readonly connections = new Map<DeviceId, GroupConnection>();
  dishonesty = honest();
  /** Who is in which group, by the membership logs that are not simulated here. */
  readonly members = new Map<ConversationId, readonly UserId[]>();
  /** Single-use key packages of a device at which it is told that few are left. */
  lowMark = 1;
  #state: GroupsState = { packages: new Map(), groups: new Map() };
  /** What the secluded devices see. */
  #branch: GroupsState = this.#state;

  /** What a backup holds. */
  snapshot(): GroupsState {
    return this.#state;
  }

  restore(state: GroupsState): void {
    this.#state = state;
  }

  seclude(devices: Iterable<DeviceId>): void {
    this.#branch = this.#state;
    this.dishonesty.secluded = new Set(devices);
  }

  becomeHonest(): void {
    this.dishonesty = honest();
  }

  group(conversationId: ConversationId): KeptGroup | undefined {
    return this.#state.groups.get(conversationId);
  }

  /** Commits older than that many are gone. */
  prune(conversationId: ConversationId, keep: number): void {
    const group = this.group(conversationId);
    if (group === undefined) return;
    const commits = keep === 0 ? [] : group.commits.slice(-keep);
    this.#putGroup(undefined, conversationId, { ...group, commits });
  }

  loseGroup(conversationId: ConversationId): void {
    const groups = new Map(this.#state.groups);
    groups.delete(conversationId);
    this.#state = { ...this.#state, groups };
  }

  publish(from: LinkPeer, params: Params<"keyPackages.publish">): Result<"keyPackages.publish"> {
    const known = this.#state.packages.get(from.deviceId);
    const single = [...(known?.single ?? []), ...params.packages].slice(0, limits.MAX_KEY_PACKAGES);
    this.#putPackages(from.deviceId, {
      single,
      lastResort: params.lastResort ?? known?.lastResort,
    });
    return { kept: single.length };
  }

  take({ devices }: Params<"keyPackages.take">): Result<"keyPackages.take"> {
    const packages = devices.flatMap((deviceId) => {
      const known = this.#state.packages.get(deviceId);
      const [first, ...rest] = known?.single ?? [];
      const keyPackage = this.dishonesty.swapped.get(deviceId) ?? first ?? known?.lastResort;
      if (known === undefined || keyPackage === undefined) return [];
      this.#putPackages(deviceId, { ...known, single: rest });
      if (rest.length <= this.lowMark)
        this.#tell(deviceId, "keyPackages.low", { kept: rest.length });
      return [{ deviceId, keyPackage }];
    });
    return { packages };
  }

  create(from: LinkPeer, params: Params<"group.create">): void {
    const { conversationId, epoch, groupInfo, peer, welcome } = params;
    if (this.#of(from).groups.has(conversationId)) {
      throw new ProtocolError("group-exists", "simulated");
    }
    const welcomes = new Map(
      welcome?.devices.map((device) => [device, { epoch, welcome: welcome.welcome }] as const),
    );
    const accounts =
      peer === undefined ? this.#membersOf(from, conversationId) : [from.userId, peer];
    this.#putGroup(from, conversationId, { accounts, epoch, groupInfo, commits: [], welcomes });
    this.#tellChanged(from, conversationId, accounts, epoch);
  }

  #membersOf({ userId }: LinkPeer, conversationId: ConversationId): readonly UserId[] {
    const members = this.members.get(conversationId);
    if (members?.includes(userId) !== true) {
      throw new ProtocolError("no-such-conversation", "simulated");
    }
    return members;
  }

  get(from: LinkPeer, params: Params<"group.get">): Result<"group.get"> {
    const { conversationId, have } = params;
    const { epoch, groupInfo, commits, welcomes } = this.#ownGroup(from, conversationId);
    const wanted = commits.filter((commit) => have !== undefined && commit.epoch >= have);
    const isWhole = have !== undefined && wanted.length === epoch - have;
    const page = isWhole ? wanted.slice(0, COMMITS_PAGE) : [];
    const welcome = welcomes.get(from.deviceId);
    const view = {
      epoch,
      ...(have === epoch ? {} : { groupInfo }),
      commits: page.flatMap((commit) => this.dishonesty.shown(commit, from.deviceId) ?? []),
      more: isWhole && wanted.length > page.length,
      ...(welcome === undefined ? {} : { welcome }),
    };
    return this.dishonesty.view(view, from.deviceId, params);
  }

  commit(from: LinkPeer, params: Params<"group.commit">): void {
    const { commit, conversationId, epoch, groupInfo, welcome } = params;
    const group = this.#ownGroup(from, conversationId);
    if (epoch < group.epoch) throw new ProtocolError("epoch-taken", "simulated");
    const welcomes = new Map(group.welcomes);
    for (const device of welcome?.devices ?? []) {
      welcomes.set(device, { epoch: epoch + 1, welcome: welcome?.welcome ?? "" });
    }
    // Those of a history that was lost lead nowhere.
    const before = epoch === group.epoch ? group.commits : [];
    this.#putGroup(from, conversationId, {
      ...group,
      epoch: epoch + 1,
      groupInfo,
      commits: [...before, { epoch, commit }],
      welcomes,
    });
    this.#tellChanged(from, conversationId, group.accounts, epoch + 1);
  }

  list(from: LinkPeer, { after }: Params<"group.list">): Result<"group.list"> {
    const groups = [...this.#of(from).groups]
      .filter(([id, { accounts }]) => accounts.includes(from.userId) && (after ?? "") < id)
      .map(([conversationId, { epoch }]) => ({ conversationId, epoch }))
      .toSorted((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
    return { groups: groups.slice(0, LIST_PAGE), more: groups.length > LIST_PAGE };
  }

  #of({ deviceId }: LinkPeer): GroupsState {
    return this.dishonesty.secluded.has(deviceId) ? this.#branch : this.#state;
  }

  #ownGroup(from: LinkPeer, conversationId: ConversationId): KeptGroup {
    const group = this.#of(from).groups.get(conversationId);
    if (group === undefined || !group.accounts.includes(from.userId)) {
      throw new ProtocolError("no-such-group", "simulated");
    }
    return group;
  }

  #putGroup(from: LinkPeer | undefined, id: ConversationId, group: KeptGroup): void {
    const isSecluded = from !== undefined && this.dishonesty.secluded.has(from.deviceId);
    const before = isSecluded ? this.#branch : this.#state;
    const after = { ...before, groups: new Map(before.groups).set(id, group) };
    if (isSecluded) this.#branch = after;
    else this.#state = after;
  }

  #putPackages(deviceId: DeviceId, packages: KeptPackages): void {
    const before = this.#state;
    this.#state = { ...before, packages: new Map(before.packages).set(deviceId, packages) };
  }

  #tellChanged(
    from: LinkPeer,
    conversationId: ConversationId,
    accounts: readonly UserId[],
    epoch: number,
  ): void {
    for (const { self } of this.connections.values()) {
      const sees = this.#of(self) === this.#of(from);
      if (self.deviceId === from.deviceId || !accounts.includes(self.userId) || !sees) continue;
      this.#tell(self.deviceId, "group.changed", { conversationId, epoch });
    }
  }

  #tell<E extends EventName>(to: DeviceId, event: E, params: EventParams<E>): void {
    if (!this.dishonesty.silent(to)) this.connections.get(to)?.emit(event, params);
  }
}

/** How a device's requests and events fare on their way. */
export interface Carrier {
  /** Runs the request at the server; may lose it, or its answer. */
  request<T>(method: MethodName, run: () => T): Promise<T>;
  /** Hands an event to the device; may lose it. */
  event(event: EventName, deliver: () => void): void;
}

/** A device's connection to the simulated delivery service. */
export class GroupConnection implements ServerConnection {
  readonly self: LinkPeer;
  readonly bufferedAmount = 0;
  state: ConnectionState = { state: "online", server: testServerInfo("simulated", 0) };
  readonly #server: SimulatedGroups;
  readonly #carrier: Carrier;
  readonly #listeners: EventListeners;

  constructor(server: SimulatedGroups, self: LinkPeer, carrier: Carrier, log: Log) {
    this.#server = server;
    this.self = self;
    this.#carrier = carrier;
    this.#listeners = new EventListeners(log);
  }

  setOnline(isOnline: boolean): void {
    this.state = isOnline
      ? { state: "online", server: testServerInfo("simulated", 0) }
      : { state: "waiting", attempt: 1, retryAt: 0 };
  }

  emit<E extends EventName>(event: E, params: EventParams<E>): void {
    if (this.state.state !== "online") return;
    this.#carrier.event(event, () => this.#listeners.emit(event, params));
  }

  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  request(
    ...call:
      | ["keyPackages.publish", Params<"keyPackages.publish">]
      | ["keyPackages.take", Params<"keyPackages.take">]
      | ["group.create", Params<"group.create">]
      | ["group.get", Params<"group.get">]
      | ["group.commit", Params<"group.commit">]
      | ["group.list", Params<"group.list">]
  ): Promise<unknown> {
    if (this.state.state !== "online") return Promise.reject(unreachable());
    const { self } = this;
    return this.#carrier.request(call[0], (): unknown => {
      switch (call[0]) {
        case "keyPackages.publish":
          return this.#server.publish(self, call[1]);
        case "keyPackages.take":
          return this.#server.take(call[1]);
        case "group.create":
          this.#server.create(self, call[1]);
          return {};
        case "group.get":
          return this.#server.get(self, call[1]);
        case "group.commit":
          this.#server.commit(self, call[1]);
          return {};
        case "group.list":
          return this.#server.list(self, call[1]);
        default:
          throw new ProtocolError("unknown-method", "not simulated");
      }
    });
  }

  suspect(): void {}

  sendChannelData(): boolean {
    return false;
  }

  onState(): () => void {
    return () => {};
  }

  onSession(): () => void {
    return () => {};
  }

  onEvent<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): () => void {
    return this.#listeners.add(event, handler);
  }

  onChannelData(): () => void {
    return () => {};
  }
}
