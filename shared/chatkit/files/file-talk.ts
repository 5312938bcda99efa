import * as v from "valibot";
import {
  encodeFileWord,
  FileWord,
  MAX_FILE_WORD_BYTES,
  type DeviceId,
} from "../../protocol/index.ts";
import { openFromPair, pairKey, sealForPair, type IdentityKeys } from "../../crypto/index.ts";
import { Nonces } from "../delivery/nonces.ts";
import { FILE_WORDS_AT_ONCE, FILE_WORDS_EVERY_MS, MAX_PAIR_KEYS } from "../limits.ts";
import { LinkError, type Link, type LinkPeer } from "../link.ts";
import type { LinkPeers } from "../links/link-service.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Ports } from "../ports.ts";
import { idBytes } from "../trust/device-id.ts";

const PURPOSE = new TextEncoder().encode("beeline files v1\0");

export interface FileTalkOptions {
  readonly ports: Pick<Ports, "clock" | "random" | "log">;
  readonly identity: IdentityKeys;
  /** This device's id, once it is known. */
  readonly deviceId: () => DeviceId | undefined;
  readonly peers: LinkPeers;
}

/**
 * Words about files, each sealed by one device for one other: only the devices of buddies and one's
 * own are listened to, and a relay in between can neither read nor make up any of it (SPEC F3).
 */
export class FileTalk {
  readonly #options: FileTalkOptions;
  readonly #nonces: Nonces;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #heard = new WeakMap<Link, TokenBucket>();
  /** Used last comes last. A key takes a millisecond to make. */
  readonly #keys = new Map<DeviceId, { readonly publicKey: string; readonly key: Uint8Array }>();

  constructor(options: FileTalkOptions) {
    this.#options = options;
    this.#nonces = new Nonces(options.ports.random);
  }

  /** False where it did not leave: the link has closed, or the device is in no list any more. */
  say(link: Link, word: FileWord): boolean {
    const from = this.#options.deviceId();
    const key = this.#keyWith(link.peer);
    if (from === undefined || key === undefined) return false;
    const text = this.#encoder.encode(JSON.stringify(word));
    const sealed = sealForPair(key, this.#nonces.next(), about(from, link.peer.deviceId), text);
    try {
      link.send(encodeFileWord(sealed));
      return true;
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#options.ports.log.debug("a word about a file did not leave", { error });
      return false;
    }
  }

  /** @returns undefined for what that device did not seal for this one, or says too often */
  hear(link: Link, sealed: Uint8Array): FileWord | undefined {
    const { deviceId, peers, ports } = this.#options;
    const { peer } = link;
    const to = deviceId();
    if (to === undefined || sealed.length > MAX_FILE_WORD_BYTES) return undefined;
    if (!peers.permits(peer.userId, peer.deviceId) || !this.#listens(link)) return undefined;
    const key = this.#keyWith(peer);
    const opened = key && openFromPair(key, about(peer.deviceId, to), sealed);
    const word = opened && this.#parse(opened);
    // Not from that device, or of a later version: there is nobody to tell.
    if (word === undefined) {
      ports.log.debug("a word about a file means nothing here", { from: peer.deviceId });
    }
    return word;
  }

  #listens(link: Link): boolean {
    let bucket = this.#heard.get(link);
    if (bucket === undefined) {
      const rate = { burst: FILE_WORDS_AT_ONCE, perMs: 1 / FILE_WORDS_EVERY_MS };
      bucket = new TokenBucket(this.#options.ports.clock, rate);
      this.#heard.set(link, bucket);
    }
    return bucket.take(1);
  }

  #keyWith(peer: LinkPeer): Uint8Array | undefined {
    const { identity, peers } = this.#options;
    const bytes = peers.publicKeyOf(peer);
    if (bytes === undefined) return undefined;
    const publicKey = bytes.join();
    let known = this.#keys.get(peer.deviceId);
    this.#keys.delete(peer.deviceId);
    if (known?.publicKey !== publicKey) {
      const key = pairKey(identity, bytes);
      if (key === undefined) return undefined;
      known = { publicKey, key };
    }
    this.#keys.set(peer.deviceId, known);
    for (const longest of this.#keys.keys()) {
      if (this.#keys.size <= MAX_PAIR_KEYS) break;
      this.#keys.delete(longest);
    }
    return known.key;
  }

  #parse(bytes: Uint8Array): FileWord | undefined {
    let value: unknown;
    try {
      value = JSON.parse(this.#decoder.decode(bytes));
    } catch {
      return undefined;
    }
    const parsed = v.safeParse(FileWord, value);
    return parsed.success ? parsed.output : undefined;
  }
}

/** The key is the same in both directions: what is sealed with it says whose it is, and what for. */
function about(from: DeviceId, to: DeviceId): Uint8Array {
  return Uint8Array.of(...PURPOSE, ...idBytes(from), ...idBytes(to));
}
