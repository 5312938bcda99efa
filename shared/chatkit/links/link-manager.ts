import {
  encodeLinkControl,
  isLinkControl,
  type DeviceId,
  type UserId,
} from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import type { LinkStatus } from "../api.ts";
import { Listeners } from "../connection/listeners.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { PathReason } from "../delivery/delivery-state.ts";
import type { Link, LinkCloseReason, LinkHandlers, LinkPeer } from "../link.ts";
import type { IceServer, PeerConnector, Ports } from "../ports.ts";
import type { RouteRule } from "../routes/route-rule.ts";
import { DirectLinks } from "./direct-links.ts";
import { LinkPings } from "./link-pings.ts";
import type { LinkControls, LinkPolicy, LinkService } from "./link-service.ts";
import { RelayLinks } from "./relay-links.ts";
import { ServerSignalling, type Signalling } from "./signalling.ts";

/** A round trip is told to the user interface at most this often per device. */
const ROUND_TRIP_EVERY_MS = 1_000;

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
}

interface RoundTrip {
  readonly ms: number;
  readonly toldAt: number;
}

/** Both kinds of links behind one service. Hands on raw frames; their meaning is the courier's. */
export class LinkManager implements LinkService, LinkControls, Disposable {
  readonly #options: LinkManagerOptions;
  readonly #direct: DirectLinks;
  readonly #relay: RelayLinks;
  readonly #pings: LinkPings;
  #wanted = new Set<DeviceId>();
  readonly #roundTrips = new Map<DeviceId, RoundTrip>();
  readonly #frame: Listeners<[Link, Uint8Array]>;
  readonly #directOpen: Listeners<[Link]>;
  readonly #drain: Listeners<[Link]>;
  readonly #close: Listeners<[Link, LinkCloseReason]>;
  readonly #status: Listeners<[LinkStatus]>;
  readonly #control: Listeners<[Link, Uint8Array]>;

  constructor(options: LinkManagerOptions) {
    this.#options = options;
    const { connection, ports, policy, deviceId, identity, onForged, onForbidden } = options;
    this.#frame = new Listeners(ports.log);
    this.#directOpen = new Listeners(ports.log);
    this.#drain = new Listeners(ports.log);
    this.#close = new Listeners(ports.log);
    this.#status = new Listeners(ports.log);
    this.#control = new Listeners(ports.log);
    this.#pings = new LinkPings({
      ports,
      onPong: (link, roundTripMs) => this.alive(link, roundTripMs),
      onSealed: (link, sealed) => this.#control.emit(link, sealed),
    });
    const handlers: LinkHandlers = {
      onFrame: (link, frame) => {
        if (isLinkControl(frame)) this.#pings.take(link, frame);
        else this.#frame.emit(link, frame);
      },
      onDrain: (link) => this.#drain.emit(link),
      onClose: (link, reason) => {
        this.#pings.forget(link);
        this.#close.emit(link, reason);
      },
    };
    const onChange = (peer: LinkPeer): void => this.#status.emit(this.#statusOf(peer));
    this.#relay = new RelayLinks({ connection, ports, policy, handlers, onForbidden, onChange });
    this.#direct = new DirectLinks({
      signalling: options.signalling ?? new ServerSignalling(connection),
      ports,
      policy,
      identity,
      onForged,
      onForbidden,
      deviceId,
      handlers,
      onChange,
      onOpen: (link) => this.#directOpen.emit(link),
      iceServers: options.iceServers ?? (() => []),
    });
  }

  setWanted(peers: readonly LinkPeer[]): void {
    const wanted = new Set(peers.map((peer) => peer.deviceId));
    const left = new Set([...this.#wanted].filter((device) => !wanted.has(device)));
    this.#wanted = wanted;
    const { policy } = this.#options;
    // Somebody who was never in the list, for they appear offline, may keep the link they opened.
    this.#relay.retain(
      ({ userId, deviceId }) => !left.has(deviceId) && policy.permits(userId, deviceId),
    );
    this.#direct.setWanted(peers);
    for (const device of this.#roundTrips.keys()) {
      if (!wanted.has(device)) this.#roundTrips.delete(device);
    }
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
    return this.#direct.direct(device);
  }

  directPending(device: DeviceId): boolean {
    return this.#direct.pending(device);
  }

  relay(peer: LinkPeer): Promise<Link> {
    return this.#relay.open(peer);
  }

  whyNoDirect(device: DeviceId): PathReason {
    return this.#direct.whyNot(device);
  }

  suspect(link: Link): void {
    if (link.kind === "direct") this.#direct.suspect(link);
    else link.close();
  }

  alive(link: Link, roundTripMs: number): void {
    if (link.kind === "direct") this.#direct.alive(link);
    const { deviceId } = link.peer;
    const now = this.#options.ports.clock.monotonic();
    const toldAt = this.#roundTrips.get(deviceId)?.toldAt;
    const tell = toldAt === undefined || now - toldAt >= ROUND_TRIP_EVERY_MS;
    this.#roundTrips.set(deviceId, { ms: roundTripMs, toldAt: tell ? now : toldAt });
    if (tell) this.#status.emit(this.#statusOf(link.peer));
  }

  openLinks(device: DeviceId): readonly Link[] {
    return [this.#direct.direct(device), this.#relay.link(device)].filter(
      (link) => link !== undefined,
    );
  }

  ping(link: Link): Promise<number> {
    return this.#pings.ping(link);
  }

  sendControl(link: Link, sealed: Uint8Array): void {
    link.send(encodeLinkControl({ type: "sealed", sealed }));
  }

  onControl(handler: (link: Link, sealed: Uint8Array) => void): () => void {
    return this.#control.add(handler);
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
    this.#direct.close();
    this.#relay.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #statusOf({ userId, deviceId }: LinkPeer): LinkStatus {
    const { state, openedInMs } = this.#direct.state(deviceId);
    const roundTripMs = this.#roundTrips.get(deviceId)?.ms;
    return {
      userId,
      deviceId,
      direct: state,
      relay: this.#relay.state(deviceId),
      ...(openedInMs === undefined ? {} : { openedInMs }),
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
      bytesSent: 0,
      bytesReceived: 0,
      slow: false,
      near: false,
    };
  }
}
