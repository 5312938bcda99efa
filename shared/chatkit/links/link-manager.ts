import { encodeLinkControl, type DeviceId, type UserId } from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import type { LinkStatus } from "../api.ts";
import { Listeners } from "../connection/listeners.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { PathReason } from "../delivery/delivery-state.ts";
import type { Link, LinkCloseReason, LinkHandlers, LinkPeer } from "../link.ts";
import type { IceServer, PeerConnector, Ports } from "../ports.ts";
import type { RouteRule } from "../routes/route-rule.ts";
import { DirectLinks } from "./direct-links.ts";
import { FloodBans } from "./flood-bans.ts";
import type { FileLinks, LinkControls, LinkPolicy, LinkService } from "./link-service.ts";
import { LinkWatch } from "./link-watch.ts";
import { RelayLinks } from "./relay-links.ts";
import { ServerSignalling, type Signalling } from "./signalling.ts";

/** A direct link has so long for a sign of life after the host's addresses changed. */
export const NETWORK_PROBE_MS = 3_000;

export interface LinkManagerOptions {
  readonly connection: ServerConnection;
  /** Without `peers` everything goes by relay. */
  readonly ports: Pick<Ports, "clock" | "random" | "log"> & { readonly peers?: PeerConnector };
  readonly policy: LinkPolicy;
  /** This device's keys: they sign what it tells of itself. */
  readonly identity: IdentityKeys;
  /** A description that says it is that device's and is not: no link comes of it. */
  readonly onForged: (peer: LinkPeer) => void;
  /** That device, or this one, seems not to know the other's route policy. */
  readonly onForbidden: (peer: LinkPeer) => void;
  /** This device's id, once it is known. */
  readonly deviceId: () => DeviceId | undefined;
  /** By the server alone unless given. */
  readonly signalling?: Signalling;
  /** STUN and TURN servers for the next attempts; none unless given. */
  readonly iceServers?: () => readonly IceServer[];
  /** Whether the device was found on the local network; nobody is unless given. */
  readonly isNear?: (device: DeviceId) => boolean;
}

/** Both kinds of links behind one service. Hands on raw frames; their meaning is the courier's. */
export class LinkManager implements LinkService, LinkControls, FileLinks, Disposable {
  readonly #options: LinkManagerOptions;
  readonly #direct: DirectLinks;
  readonly #relay: RelayLinks;
  readonly #watch: LinkWatch;
  readonly #bans: FloodBans;
  /** The last one over each link, ms. */
  readonly #roundTrips = new WeakMap<Link, number>();
  #wanted: readonly LinkPeer[] = [];
  readonly #frame: Listeners<[Link, Uint8Array]>;
  readonly #directOpen: Listeners<[Link]>;
  readonly #drain: Listeners<[Link]>;
  readonly #close: Listeners<[Link, LinkCloseReason]>;
  readonly #status: Listeners<[LinkStatus]>;
  readonly #control: Listeners<[Link, Uint8Array]>;
  readonly #fileFrame: Listeners<[Link, Uint8Array]>;
  readonly #room: Listeners<[Link]>;
  #expects: (link: Link, frame: Uint8Array) => boolean = () => false;

  constructor(options: LinkManagerOptions) {
    this.#options = options;
    const { connection, ports, policy, deviceId, identity, onForged, onForbidden } = options;
    this.#frame = new Listeners(ports.log);
    this.#directOpen = new Listeners(ports.log);
    this.#drain = new Listeners(ports.log);
    this.#close = new Listeners(ports.log);
    this.#status = new Listeners(ports.log);
    this.#control = new Listeners(ports.log);
    this.#fileFrame = new Listeners(ports.log);
    this.#room = new Listeners(ports.log);
    const onChange = (peer: LinkPeer): void => this.#status.emit(this.#statusOf(peer));
    this.#bans = new FloodBans(ports.clock, () => this.#direct.setWanted(this.#unbanned()));
    this.#watch = new LinkWatch({
      ports,
      direct: (device) => this.#direct.direct(device),
      relay: (peer) => this.#relay.open(peer),
      onFrame: (link, frame) => this.#frame.emit(link, frame),
      onSealed: (link, sealed) => this.#control.emit(link, sealed),
      onFileFrame: (link, frame) => this.#fileFrame.emit(link, frame),
      expects: (link, frame) => this.#expects(link, frame),
      onPong: (link, roundTripMs) => this.alive(link, roundTripMs),
      onFigures: onChange,
      onSlow: (link) => this.#slowChanged(link),
      onSilent: (link) => this.suspect(link),
      onFlood: (link) => this.#cut(link),
    });
    const handlers: LinkHandlers = {
      onSent: (link, frame) => this.#watch.sent(link, frame),
      onFrame: (link, frame) => this.#watch.arrived(link, frame),
      onDrain: (link) => this.#drain.emit(link),
      onRoom: (link) => this.#room.emit(link),
      onClose: (link, reason) => {
        this.#watch.closed(link);
        this.#close.emit(link, reason);
      },
    };
    this.#relay = new RelayLinks({ connection, ports, policy, handlers, onForbidden, onChange });
    this.#direct = new DirectLinks({
      signalling: options.signalling ?? new ServerSignalling(connection),
      ports,
      policy: {
        permits: (userId, device) => !this.#bans.has(device) && policy.permits(userId, device),
        publicKeyOf: (peer) => policy.publicKeyOf(peer),
        rule: (peer) => policy.rule(peer),
      },
      identity,
      onForged,
      onForbidden,
      deviceId,
      handlers,
      onChange,
      onOpen: (link) => {
        this.#watch.opened(link);
        this.#directOpen.emit(link);
      },
      iceServers: options.iceServers ?? (() => []),
    });
  }

  setWanted(peers: readonly LinkPeer[]): void {
    const wanted = new Set(peers.map((peer) => peer.deviceId));
    const left = new Set(
      this.#wanted.map(({ deviceId }) => deviceId).filter((device) => !wanted.has(device)),
    );
    this.#wanted = peers;
    const { policy } = this.#options;
    // Somebody who was never in the list, for they appear offline, may keep the link they opened.
    this.#relay.retain(
      ({ userId, deviceId }) => !left.has(deviceId) && policy.permits(userId, deviceId),
    );
    this.#direct.setWanted(this.#unbanned());
  }

  rule(peer: LinkPeer): RouteRule {
    return this.#options.policy.rule(peer);
  }

  /** Closes what the route policies with that person forbid now, and opens what they permit. */
  routesChanged(userId: UserId): void {
    this.#relay.reconsider(userId);
    this.#direct.reconsider(userId);
  }

  direct(device: DeviceId): Link | undefined {
    return this.#isSlow(device) ? undefined : this.#direct.direct(device);
  }

  directPending(device: DeviceId): boolean {
    return this.#direct.pending(device);
  }

  relay(peer: LinkPeer): Promise<Link> {
    return this.#relay.open(peer);
  }

  whyNoDirect(device: DeviceId): PathReason {
    if (this.#isSlow(device)) return "link-slow";
    return this.#direct.whyNot(device);
  }

  suspect(link: Link): void {
    // The network that a link was lost with may be the server's too.
    this.#options.connection.suspect();
    if (link.kind === "direct") this.#direct.suspect(link);
    else link.close();
  }

  /** This host has other addresses: links that hang on an old one are replaced, and soon. */
  networkChanged(): void {
    for (const { deviceId } of this.#direct.peers()) {
      const link = this.#direct.direct(deviceId);
      if (link !== undefined) this.#watch.life.probe(link, NETWORK_PROBE_MS);
    }
  }

  prove(link: Link): void {
    this.#watch.life.prove(link);
  }

  heardAt(link: Link): number | undefined {
    return this.#watch.life.heardAt(link);
  }

  alive(link: Link, roundTripMs: number): void {
    if (link.kind === "direct") this.#direct.alive(link);
    this.#roundTrips.set(link, roundTripMs);
    // Of the path in use: the other one is only compared with it.
    if (link === this.#inUse(link.peer.deviceId)) this.#watch.ledger.note(link.peer);
  }

  /** The device came near, or is no more. */
  nearChanged(peer: LinkPeer): void {
    this.#status.emit(this.#statusOf(peer));
  }

  openLinks(device: DeviceId): readonly Link[] {
    return [this.#direct.direct(device), this.#relay.link(device)].filter(
      (link) => link !== undefined,
    );
  }

  tryDirect(device: DeviceId): void {
    this.#direct.tryNow(device);
  }

  ping(link: Link): Promise<number> {
    void this.#watch.askForPair(link);
    return this.#watch.pings.ping(link);
  }

  sendControl(link: Link, sealed: Uint8Array): void {
    link.send(encodeLinkControl({ type: "sealed", sealed }));
  }

  onControl(handler: (link: Link, sealed: Uint8Array) => void): () => void {
    return this.#control.add(handler);
  }

  onFileFrame(handler: (link: Link, frame: Uint8Array) => void): () => void {
    return this.#fileFrame.add(handler);
  }

  onRoom(handler: (link: Link) => void): () => void {
    return this.#room.add(handler);
  }

  setExpected(expects: (link: Link, frame: Uint8Array) => boolean): void {
    this.#expects = expects;
  }

  status(): readonly LinkStatus[] {
    const peers = new Map(
      [...this.#relay.peers(), ...this.#direct.peers()].map((peer) => [peer.deviceId, peer]),
    );
    return [...peers.values()].map((peer) => this.#statusOf(peer));
  }

  onFrame(handler: (link: Link, frame: Uint8Array) => void): () => void {
    return this.#frame.add(handler);
  }

  onDirectOpen(handler: (link: Link) => void): () => void {
    return this.#directOpen.add(handler);
  }

  onDrain(handler: (link: Link) => void): () => void {
    return this.#drain.add(handler);
  }

  onClose(handler: (link: Link, reason: LinkCloseReason) => void): () => void {
    return this.#close.add(handler);
  }

  onStatus(handler: (status: LinkStatus) => void): () => void {
    return this.#status.add(handler);
  }

  /** Closes every link, tells the other sides, and lets go of the connection. */
  close(): void {
    this.#bans.close();
    this.#direct.close();
    this.#relay.close();
    this.#watch.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** As long as there is the faster relay: without it a slow link is better than none. */
  #isSlow(device: DeviceId): boolean {
    return this.#watch.meter.slow(device) && this.#relay.link(device) !== undefined;
  }

  #inUse(device: DeviceId): Link | undefined {
    return this.direct(device) ?? this.#relay.link(device);
  }

  #slowChanged(link: Link): void {
    const { deviceId } = link.peer;
    this.#options.ports.log.info("direct link against relay", {
      device: deviceId,
      slow: this.#isSlow(deviceId),
    });
    this.#status.emit(this.#statusOf(link.peer));
    // As if it had just opened: messages may move to it.
    if (!this.#isSlow(deviceId)) this.#directOpen.emit(link);
  }

  #cut(link: Link): void {
    const { deviceId } = link.peer;
    this.#options.ports.log.warn("a direct link was flooded, and is cut", { device: deviceId });
    this.#bans.add(deviceId);
  }

  #unbanned(): readonly LinkPeer[] {
    return this.#wanted.filter(({ deviceId }) => !this.#bans.has(deviceId));
  }

  #statusOf({ userId, deviceId }: LinkPeer): LinkStatus {
    const { state, openedInMs } = this.#direct.state(deviceId);
    const figures = this.#watch.ledger.get(deviceId);
    const inUse = this.#inUse(deviceId);
    const roundTripMs = inUse && this.#roundTrips.get(inUse);
    const pair = state === "open" ? figures?.pair : undefined;
    return {
      userId,
      deviceId,
      direct: state,
      relay: this.#relay.state(deviceId),
      ...(openedInMs === undefined ? {} : { openedInMs }),
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
      ...(pair === undefined ? {} : { pair }),
      bytesSent: figures?.bytesSent ?? 0,
      bytesReceived: figures?.bytesReceived ?? 0,
      slow: this.#isSlow(deviceId),
      near: this.#options.isNear?.(deviceId) ?? false,
    };
  }
}
