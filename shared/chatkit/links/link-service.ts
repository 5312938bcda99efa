import type { DeviceId, UserId } from "../../protocol/index.ts";
import type { LinkStatus } from "../api.ts";
import type { PathReason } from "../delivery/delivery-state.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { RouteRule } from "../routes/route-rule.ts";

/**
 * Opens, keeps and replaces the links to other devices; the courier asks it for the best one.
 * Bounded by `limits.ts` of the engine.
 */
export interface LinkService {
  /**
   * The devices worth a link now: online devices of buddies and one's own others, most recently
   * talked to first. Direct links to the first `MAX_DIRECT_LINKS` are opened ahead of need; links to
   * devices that are no longer in the list are closed.
   */
  setWanted(peers: readonly LinkPeer[]): void;

  /** Which ways the two people's route policies permit to that device. */
  rule(peer: LinkPeer): RouteRule;

  /** The open direct link, if it is healthy. */
  direct(device: DeviceId): Link | undefined;

  /** Is a direct link being opened whose outcome is worth the short wait (`DIRECT_GRACE_MS`)? */
  directPending(device: DeviceId): boolean;

  /**
   * The open relay link, or one that is opened now (one round trip to the server).
   * @throws ProtocolError, ChatKitError as `ServerConnection.request`; ProtocolError unavailable where
   * a route policy forbids it
   */
  relay(peer: LinkPeer): Promise<Link>;

  /** Why there is no direct link to the device: the reason that a relayed message shows. */
  whyNoDirect(device: DeviceId): PathReason;

  /**
   * Nothing came back over this link in time: it is taken out of use at once and replaced by a new
   * attempt with back-off. No effect on a link that is closed already.
   */
  suspect(link: Link): void;

  /** Asks the other end for a sign of life, of any kind; `heardAt` tells of it. */
  prove(link: Link): void;

  /** When anything at all came over the link last: monotonic, ms. */
  heardAt(link: Link): number | undefined;

  /** Something came back over the link `roundTripMs` after it was sent. */
  alive(link: Link, roundTripMs: number): void;

  status(): readonly LinkStatus[];

  onFrame(handler: (link: Link, frame: Uint8Array) => void): () => void;
  /** A direct link opened: messages may move to it. */
  onDirectOpen(handler: (link: Link) => void): () => void;
  /** A link can take more again. */
  onDrain(handler: (link: Link) => void): () => void;
  onClose(handler: (link: Link) => void): () => void;
  onStatus(handler: (status: LinkStatus) => void): () => void;
}

/** What goes over links and is no envelope (`protocol/link-control.ts`): for the network page and the doctor. */
export interface LinkControls {
  /** The open links to the device, the direct one first, also where it is left for being slow. */
  openLinks(device: DeviceId): readonly Link[];

  /** Opens a direct link now instead of after a pause; no effect where one is open or being opened. */
  tryDirect(device: DeviceId): void;

  /**
   * Times one round trip, ms. A second call while one is under way is answered with it.
   * @throws LinkError closed; silent: nothing came back in `LINK_PING_TIMEOUT_MS`
   */
  ping(link: Link): Promise<number>;

  /** Sends what was sealed for the device at the other end. @throws LinkError as `Link.send` */
  sendControl(link: Link, sealed: Uint8Array): void;

  /** What came so; nobody has opened it, so that nothing of it is proven. */
  onControl(handler: (link: Link, sealed: Uint8Array) => void): () => void;
}

/** What goes over links for files (`protocol/file-frames.ts`). */
export interface FileLinks {
  /** Nobody has opened what came, so that nothing of it is proven. */
  onFileFrame(handler: (link: Link, frame: Uint8Array) => void): () => void;
  /** Most of what a direct link had buffered has left. A relay link tells nobody. */
  onRoom(handler: (link: Link) => void): () => void;
  /** Which frames were asked for: they are no flood, however many come (SPEC F8). */
  setExpected(expects: (link: Link, frame: Uint8Array) => boolean): void;
}

/** Whom the roster permits a link with: asked before an incoming offer or channel is accepted. */
export interface LinkPeers {
  /** True where the device belongs to that user, and the user is a buddy or oneself. */
  permits(userId: UserId, deviceId: DeviceId): boolean;
  /** The key that signs what the device tells of itself; undefined where its account does not list it. */
  publicKeyOf(peer: LinkPeer): Uint8Array | undefined;
}

export interface LinkPolicy extends LinkPeers {
  /** Which ways the two people's route policies permit to that device. */
  rule(peer: LinkPeer): RouteRule;
}
