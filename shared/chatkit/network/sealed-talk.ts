import * as v from "valibot";
import { ExaminationMessage, MAX_EXAMINATION_BYTES, type DeviceId } from "../../protocol/index.ts";
import { openFromPair, pairKey, sealForPair, type IdentityKeys } from "../../crypto/index.ts";
import { Nonces } from "../delivery/nonces.ts";
import { TALK_AT_ONCE, TALK_EVERY_MS } from "../limits.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { LinkControls, LinkPeers } from "../links/link-service.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Ports } from "../ports.ts";
import { idBytes } from "../trust/device-id.ts";

const PURPOSE = new TextEncoder().encode("beeline examination v1\0");

export interface SealedTalkOptions {
  readonly ports: Pick<Ports, "clock" | "random" | "log">;
  readonly identity: IdentityKeys;
  /** This device's id, once it is known. */
  readonly deviceId: () => DeviceId | undefined;
  readonly peers: LinkPeers;
  readonly links: Pick<LinkControls, "sendControl" | "onControl">;
  readonly onMessage: (link: Link, message: ExaminationMessage) => void;
}

/**
 * What two devices say to each other about their networks. Only the devices of buddies and one's own
 * are listened to; a relay in between can neither read nor make up any of it, nor turn it round (X5).
 */
export class SealedTalk implements Disposable {
  readonly #options: SealedTalkOptions;
  readonly #nonces: Nonces;
  readonly #unsubscribe: () => void;
  /** Opening costs more than sending: each link has its measure. */
  readonly #heard = new WeakMap<Link, TokenBucket>();

  constructor(options: SealedTalkOptions) {
    this.#options = options;
    this.#nonces = new Nonces(options.ports.random);
    this.#unsubscribe = options.links.onControl((link, sealed) => this.#take(link, sealed));
  }

  /**
   * Nothing is sent to a device that is in no list any more.
   * @throws LinkError as `Link.send`
   */
  send(link: Link, message: ExaminationMessage): void {
    const from = this.#options.deviceId();
    const key = this.#keyWith(link.peer);
    if (from === undefined || key === undefined) return;
    const text = new TextEncoder().encode(JSON.stringify(message));
    const additional = about(from, link.peer.deviceId);
    this.#options.links.sendControl(link, sealForPair(key, this.#nonces.next(), additional, text));
  }

  close(): void {
    this.#unsubscribe();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(link: Link, sealed: Uint8Array): void {
    const { deviceId, onMessage, peers, ports } = this.#options;
    const { peer } = link;
    const to = deviceId();
    if (to === undefined || sealed.length > MAX_EXAMINATION_BYTES) return;
    if (!peers.permits(peer.userId, peer.deviceId) || !this.#hears(link)) return;
    const key = this.#keyWith(peer);
    const opened = key && openFromPair(key, about(peer.deviceId, to), sealed);
    const message = opened && parse(opened);
    if (message === undefined) {
      // Not from that device, or of a later version: there is nobody to tell.
      ports.log.debug("a sealed control frame means nothing here", { from: peer.deviceId });
      return;
    }
    onMessage(link, message);
  }

  #hears(link: Link): boolean {
    const { clock } = this.#options.ports;
    let bucket = this.#heard.get(link);
    if (bucket === undefined) {
      bucket = new TokenBucket(clock, { burst: TALK_AT_ONCE, perMs: 1 / TALK_EVERY_MS });
      this.#heard.set(link, bucket);
    }
    return bucket.take(1);
  }

  /** A millisecond of work: once in an examination. */
  #keyWith(peer: LinkPeer): Uint8Array | undefined {
    const publicKey = this.#options.peers.publicKeyOf(peer);
    return publicKey && pairKey(this.#options.identity, publicKey);
  }
}

/** The key is the same in both directions: what is sealed with it says whose it is, and what for. */
function about(from: DeviceId, to: DeviceId): Uint8Array {
  return Uint8Array.of(...PURPOSE, ...idBytes(from), ...idBytes(to));
}

function parse(bytes: Uint8Array): ExaminationMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(ExaminationMessage, value);
  return parsed.success ? parsed.output : undefined;
}
