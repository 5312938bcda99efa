import * as v from "valibot";
import {
  Base64,
  DeviceId,
  encodeId,
  ID_BYTES,
  LinkId,
  Signal,
  type IncomingSignal,
} from "../../protocol/index.ts";
import {
  decodeBase64,
  encodeBase64,
  openFromPair,
  pairKey,
  sealForPair,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { Nonces } from "../delivery/nonces.ts";
import { MAX_LAN_RUNS, MAX_PAIR_KEYS } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { Random } from "../ports.ts";
import { idBytes } from "../trust/device-id.ts";

const DOMAIN = new TextEncoder().encode("beeline lan v1\0");

/** One text on the local network. `sealed`: `Content` as JSON, for the two devices alone (SPEC LAN3). */
const Text = v.object({ v: v.literal(1), from: DeviceId, to: DeviceId, sealed: Base64 });

const Content = v.object({
  /** Random, of one run of the sending program. */
  run: v.pipe(v.string(), v.length(22)),
  /** Grows by one with each text of the run to anybody. */
  count: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  linkId: LinkId,
  signal: Signal,
});

/** Whose the device is, and its key; undefined where no link with it is permitted. */
export type FindPeer = (
  device: DeviceId,
) => { readonly peer: LinkPeer; readonly publicKey: Uint8Array } | undefined;

export interface LanTextsOptions {
  readonly identity: IdentityKeys;
  readonly random: Random;
  readonly find: FindPeer;
}

/** Seals signals for other devices and opens what they sealed, each once. */
export class LanTexts {
  readonly #options: LanTextsOptions;
  readonly #nonces: Nonces;
  readonly #run: string;
  #count = 0;
  /** A key takes a millisecond; an id stands for one public key (SPEC I1). Used last comes last. */
  readonly #keys = new Map<DeviceId, Uint8Array>();
  /** How far the runs of each device were heard. */
  readonly #heard = new Map<DeviceId, Map<string, number>>();

  constructor(options: LanTextsOptions) {
    this.#options = options;
    this.#nonces = new Nonces(options.random);
    this.#run = encodeId(options.random.bytes(ID_BYTES));
  }

  /** @returns undefined where nothing may be said to that device */
  seal(from: DeviceId, to: DeviceId, linkId: LinkId, signal: Signal): string | undefined {
    const key = this.#keyOf(to);
    if (key === undefined) return undefined;
    this.#count += 1;
    const content = JSON.stringify({ run: this.#run, count: this.#count, linkId, signal });
    const plaintext = new TextEncoder().encode(content);
    const sealed = sealForPair(key, this.#nonces.next(), about(from, to), plaintext);
    return JSON.stringify({ v: 1, from, to, sealed: encodeBase64(sealed) });
  }

  /** Who says to have made the text, and for whom; undefined where it is none. */
  static addressOf(text: string): v.InferOutput<typeof Text> | undefined {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Text), text);
    return parsed.success ? parsed.output : undefined;
  }

  /** @returns undefined where that device did not seal it for this one, or it was heard before */
  open({ from, to, sealed }: v.InferOutput<typeof Text>): IncomingSignal | undefined {
    const peer = this.#options.find(from)?.peer;
    const key = this.#keyOf(from);
    if (peer === undefined || key === undefined) return undefined;
    const opened = openFromPair(key, about(from, to), bytesOf(sealed));
    if (opened === undefined) return undefined;
    const Json = v.pipe(v.string(), v.parseJson(), Content);
    const parsed = v.safeParse(Json, new TextDecoder().decode(opened));
    if (!parsed.success || !this.#isNew(from, parsed.output)) return undefined;
    const { linkId, signal } = parsed.output;
    return { from: peer, linkId, signal };
  }

  #keyOf(device: DeviceId): Uint8Array | undefined {
    const publicKey = this.#options.find(device)?.publicKey;
    if (publicKey === undefined) return undefined;
    const key = this.#keys.get(device) ?? pairKey(this.#options.identity, publicKey);
    if (key === undefined) return undefined;
    this.#keys.delete(device);
    this.#keys.set(device, key);
    dropOldest(this.#keys, MAX_PAIR_KEYS);
    return key;
  }

  /** Texts of one device come in their order, so that one that does not is played again. */
  #isNew(device: DeviceId, { run, count }: v.InferOutput<typeof Content>): boolean {
    const runs = this.#heard.get(device) ?? new Map<string, number>();
    if (count <= (runs.get(run) ?? 0)) return false;
    runs.set(run, count);
    dropOldest(runs, MAX_LAN_RUNS);
    this.#heard.set(device, runs);
    dropOldest(this.#heard, MAX_PAIR_KEYS);
    return true;
  }
}

/** The key is the same in both directions: what is sealed with it says whose it is, and what for. */
function about(from: DeviceId, to: DeviceId): Uint8Array {
  return Uint8Array.of(...DOMAIN, ...idBytes(from), ...idBytes(to));
}

function bytesOf(sealed: string): Uint8Array {
  try {
    return decodeBase64(sealed);
  } catch {
    // Base64 whose last bits are not zero: nothing is sealed so.
    return new Uint8Array();
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
