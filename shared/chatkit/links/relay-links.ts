import { assertNever } from "../assert-never.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import {
  ProtocolError,
  type DeviceId,
  type EventParams,
  type UserId,
} from "../../protocol/index.ts";
import type { LinkCloseReason, LinkHandlers, LinkPeer } from "../link.ts";
import type { Ports } from "../ports.ts";
import { MAX_OPENING_RELAYS } from "../limits.ts";
import { unreachable } from "../connection/rpc-socket.ts";
import type { LinkPolicy } from "./link-service.ts";
import { RelayLink } from "./relay-link.ts";

/**
 * Things told about channels whose `relay.open` is not answered yet; more are dropped, and sent
 * again by those who miss the answer. One packet of the network can hold some hundred small ones.
 */
const MAX_EARLY = 256;

type Early =
  | { readonly type: "frame"; readonly channel: number; readonly frame: Uint8Array }
  | { readonly type: "flow"; readonly channel: number; readonly paused: boolean }
  | { readonly type: "closed"; readonly channel: number; readonly reason: LinkCloseReason };

export interface RelayLinksOptions {
  readonly connection: ServerConnection;
  readonly ports: Pick<Ports, "clock" | "log">;
  readonly policy: LinkPolicy;
  readonly handlers: LinkHandlers;
  /** Somebody opened a channel that a route policy forbids. */
  readonly onForbidden: (peer: LinkPeer) => void;
  /** Opening began or ended, a link came or went. */
  readonly onChange: (peer: LinkPeer) => void;
}

/** The relay channels of the present connection. They end with it. */
export class RelayLinks {
  readonly #options: RelayLinksOptions;
  readonly #byChannel = new Map<number, RelayLink>();
  readonly #byDevice = new Map<DeviceId, RelayLink>();
  readonly #opening = new Map<DeviceId, Promise<RelayLink>>();
  /** Links whose channel the other device opened. */
  readonly #accepted = new WeakSet<RelayLink>();
  readonly #subscriptions: (() => void)[];
  /** Those for whom there is no room among the requests under way; at most one for each device. */
  readonly #turns: (() => void)[] = [];
  #requests = 0;
  #early: Early[] = [];
  #generation = 0;

  constructor(options: RelayLinksOptions) {
    this.#options = options;
    const { connection } = options;
    this.#subscriptions = [
      connection.onChannelData((channel, frame) => this.#take({ type: "frame", channel, frame })),
      connection.onEvent("relay.flow", (flow) => this.#take({ type: "flow", ...flow })),
      connection.onEvent("relay.closed", ({ channel, reason }) =>
        this.#take({ type: "closed", channel, reason: closeReason(reason) }),
      ),
      connection.onEvent("relay.opened", (opened) => this.#accept(opened)),
      connection.onState(({ state }) => {
        if (state !== "online") this.#disconnected();
      }),
    ];
  }

  state(device: DeviceId): "none" | "opening" | "open" {
    if (this.#byDevice.has(device)) return "open";
    return this.#opening.has(device) ? "opening" : "none";
  }

  /** The open one, if there is one. */
  link(device: DeviceId): RelayLink | undefined {
    return this.#byDevice.get(device);
  }

  /** @throws as `ServerConnection.request`; ProtocolError unavailable where a policy forbids it */
  open(peer: LinkPeer): Promise<RelayLink> {
    const { deviceId } = peer;
    if (!this.#options.policy.rule(peer).relay) return Promise.reject(forbidden());
    const link = this.#byDevice.get(deviceId);
    if (link !== undefined) return Promise.resolve(link);
    const underWay = this.#opening.get(deviceId);
    if (underWay !== undefined) return underWay;
    const opening = this.#open(peer).finally(() => {
      if (this.#opening.get(deviceId) === opening) this.#opening.delete(deviceId);
      if (this.#opening.size === 0) this.#early = [];
      this.#options.onChange(peer);
    });
    this.#opening.set(deviceId, opening);
    this.#options.onChange(peer);
    return opening;
  }

  /** Closes the links for which `keep` is false. */
  retain(keep: (peer: LinkPeer) => boolean): void {
    for (const link of this.#byChannel.values()) if (!keep(link.peer)) link.close();
  }

  /** The route policies that hold with that person are others now. */
  reconsider(userId: UserId): void {
    for (const link of this.#byChannel.values()) {
      const { peer } = link;
      if (peer.userId === userId && !this.#options.policy.rule(peer).relay) link.end("forbidden");
    }
  }

  peers(): LinkPeer[] {
    return [...this.#byChannel.values()].map((link) => link.peer);
  }

  close(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    for (const link of this.#byChannel.values()) link.close();
  }

  async #open(peer: LinkPeer): Promise<RelayLink> {
    const generation = this.#generation;
    if (this.#requests < MAX_OPENING_RELAYS) this.#requests++;
    // Whoever is done hands on its place.
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    let channel: number;
    try {
      if (generation !== this.#generation) throw unreachable("The connection was lost.");
      const { connection } = this.#options;
      ({ channel } = await connection.request("relay.open", { to: peer.deviceId }));
    } finally {
      this.#done();
    }
    // The number belongs to a connection that is no more.
    if (generation !== this.#generation) throw unreachable("The connection was lost.");
    // The other device opened one at the same time: the server names that one to both.
    const link = this.#openOn(channel, peer) ?? this.#add(peer, channel);
    const early = this.#early.filter((item) => item.channel === channel);
    this.#early = this.#early.filter((item) => item.channel !== channel);
    for (const item of early) this.#apply(link, item);
    if (!this.#options.policy.rule(peer).relay) {
      link.end("forbidden");
      throw forbidden();
    }
    if (this.#byChannel.get(channel) !== link) {
      throw new ProtocolError("peer-offline", "The channel was closed at once.");
    }
    return link;
  }

  /** The next one's turn. */
  #done(): void {
    const next = this.#turns.shift();
    if (next === undefined) this.#requests--;
    else next();
  }

  #openOn(channel: number, peer: LinkPeer): RelayLink | undefined {
    const link = this.#byChannel.get(channel);
    return link?.peer.deviceId === peer.deviceId ? link : undefined;
  }

  #add(peer: LinkPeer, channel: number): RelayLink {
    const { connection, ports, handlers } = this.#options;
    // A number is reused only after its channel has ended.
    this.#byChannel.get(channel)?.end("failed");
    const link: RelayLink = new RelayLink(peer, channel, connection, ports.clock, {
      onSent: (_, frame) => handlers.onSent(link, frame),
      onFrame: (_, frame) => handlers.onFrame(link, frame),
      onDrain: () => handlers.onDrain(link),
      onClose: (_, reason) => {
        this.#remove(link);
        if (reason === "closed" || reason === "forbidden") this.#tellClosed(channel);
        handlers.onClose(link, reason);
        this.#options.onChange(peer);
      },
    });
    this.#byChannel.set(channel, link);
    this.#byDevice.set(peer.deviceId, link);
    this.#options.onChange(peer);
    return link;
  }

  #remove(link: RelayLink): void {
    this.#byChannel.delete(link.channel);
    const { deviceId } = link.peer;
    if (this.#byDevice.get(deviceId) !== link) return;
    this.#byDevice.delete(deviceId);
    // Both sides may have opened a channel at once: then the other one still serves.
    for (const other of this.#byChannel.values()) {
      if (other.peer.deviceId === deviceId) this.#byDevice.set(deviceId, other);
    }
  }

  #accept({ channel, from }: EventParams<"relay.opened">): void {
    const { onForbidden, policy, ports } = this.#options;
    const isPermitted = policy.permits(from.userId, from.deviceId);
    if (!isPermitted || !policy.rule(from).relay) {
      ports.log.info("relay channel refused", { from: from.deviceId });
      if (isPermitted) onForbidden(from);
      return this.#tellClosed(channel);
    }
    // One channel of each direction is enough: an older one was left behind by a restart.
    const older = this.#byDevice.get(from.deviceId);
    if (older !== undefined && this.#accepted.has(older)) older.close();
    this.#accepted.add(this.#add(from, channel));
  }

  #take(item: Early): void {
    const link = this.#byChannel.get(item.channel);
    if (link !== undefined) this.#apply(link, item);
    // The answer to `relay.open` may be handled a moment later than the first frame.
    else if (this.#opening.size > 0 && this.#early.length < MAX_EARLY) this.#early.push(item);
    else this.#options.ports.log.debug("no such relay channel", { channel: item.channel });
  }

  #apply(link: RelayLink, item: Early): void {
    switch (item.type) {
      case "frame":
        return link.receive(item.frame);
      case "flow":
        return link.flow(item.paused);
      case "closed":
        return link.end(item.reason);
      default:
        return assertNever(item);
    }
  }

  #tellClosed(channel: number): void {
    const { connection, ports } = this.#options;
    connection.request("relay.close", { channel }).catch((error: unknown) => {
      ports.log.debug("relay channel not closed at the server", { error });
    });
  }

  #disconnected(): void {
    this.#generation += 1;
    this.#early = [];
    for (const link of this.#byChannel.values()) link.end("disconnected");
  }
}

function forbidden(): ProtocolError {
  return new ProtocolError("unavailable", "A route policy forbids the relay.");
}

function closeReason(reason: EventParams<"relay.closed">["reason"]): LinkCloseReason {
  switch (reason) {
    case "closed":
      return "closed-by-peer";
    case "peer-offline":
      return "disconnected";
    case "not-permitted":
      return "refused";
    case "slow-receiver":
      return "failed";
    default:
      return assertNever(reason);
  }
}
