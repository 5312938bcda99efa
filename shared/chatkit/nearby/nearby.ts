import type { DeviceId, IncomingSignal, LinkId, Signal, UserId } from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { Listeners } from "../connection/listeners.ts";
import { LAN_GONE_MS, LAN_TEXTS, MAX_HEARD_DEVICES, MAX_LAN_TEXT_BYTES } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { LinkPeers } from "../links/link-service.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Lan, LanMembership, LanState, Ports, Timer } from "../ports.ts";
import { LanTexts } from "./lan-texts.ts";

export interface NearbyOptions {
  readonly ports: Pick<Ports, "clock" | "random" | "log"> & { readonly lan?: Lan };
  readonly identity: IdentityKeys;
  /** Under which id to be there; undefined where the account is not to be announced now. */
  readonly self: () => DeviceId | undefined;
  readonly peers: LinkPeers;
  /** Whose device that is, also where no link with it is permitted any more. */
  readonly ownerOf: (device: DeviceId) => UserId | undefined;
  readonly onState?: (state: LanState) => void;
}

/**
 * Who of those that the account knows is on the same network (SPEC LAN). What the network says is a
 * hint: nobody is near whose device is in no verified list, and nothing counts that is not sealed.
 */
export class Nearby implements Disposable {
  readonly #options: NearbyOptions;
  readonly #texts: LanTexts;
  readonly #signal: Listeners<[IncomingSignal]>;
  readonly #near: Listeners<[LinkPeer, boolean]>;
  /** Who says to be here, known or not: the roster may come to know them. */
  readonly #heard = new Set<DeviceId>();
  /** Those of them that may be talked to. */
  readonly #peers = new Map<DeviceId, LinkPeer>();
  /** Those of them who said goodbye. */
  readonly #leaving = new Map<DeviceId, Timer>();
  readonly #rates = new Map<DeviceId, TokenBucket>();
  #membership: LanMembership | undefined;
  #self: DeviceId | undefined;
  #closed = false;

  constructor(options: NearbyOptions) {
    this.#options = options;
    const { identity, ports } = options;
    this.#signal = new Listeners(ports.log);
    this.#near = new Listeners(ports.log);
    this.#texts = new LanTexts({
      identity,
      random: ports.random,
      find: (device) => this.#find(device),
    });
  }

  get state(): LanState | "none" {
    return this.#membership?.state ?? "none";
  }

  has(device: DeviceId): boolean {
    return this.#peers.has(device);
  }

  peers(): readonly LinkPeer[] {
    return [...this.#peers.values()];
  }

  /** The account's state, or its roster, is another: joins or leaves, and sees who may be near. */
  look(): void {
    if (this.#closed) return;
    const self = this.#options.self();
    if (self !== this.#self) {
      this.#leave();
      if (self !== undefined) this.#join(self);
    }
    for (const device of this.#heard) this.#judge(device);
  }

  /** @throws Error where it could not be handed over */
  async send(to: DeviceId, linkId: LinkId, signal: Signal): Promise<void> {
    const from = this.#self;
    const text = from && this.#texts.seal(from, to, linkId, signal);
    if (text === undefined || this.#membership === undefined) {
      throw new Error("nothing may be said to that device here");
    }
    await this.#membership.send(to, text);
  }

  onSignal(handler: (incoming: IncomingSignal) => void): () => void {
    return this.#signal.add(handler);
  }

  /** Somebody came near, or is no more. */
  onNear(handler: (peer: LinkPeer, isNear: boolean) => void): () => void {
    return this.#near.add(handler);
  }

  close(): void {
    this.#closed = true;
    this.#leave();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #join(self: DeviceId): void {
    const { lan } = this.#options.ports;
    if (lan === undefined) return;
    this.#self = self;
    const isCurrent = (): boolean => this.#self === self && !this.#closed;
    this.#membership = lan.join(self, {
      onNear: (device) => {
        if (isCurrent()) this.#onNear(device);
      },
      onGone: (device) => {
        if (isCurrent()) this.#goodbye(device);
      },
      onText: (text) => {
        if (isCurrent()) this.#onText(self, text);
      },
      onState: (state) => {
        if (isCurrent()) this.#options.onState?.(state);
      },
    });
  }

  #leave(): void {
    this.#self = undefined;
    this.#membership?.close();
    this.#membership = undefined;
    for (const device of this.#heard) this.#forget(device);
    this.#rates.clear();
  }

  #onNear(device: DeviceId): void {
    this.#stay(device);
    if (device === this.#self || this.#heard.has(device)) return;
    if (this.#heard.size >= MAX_HEARD_DEVICES) {
      // Crowds of strangers do not keep those out whom the account knows.
      const stranger = this.#find(device) && [...this.#heard].find((one) => !this.#peers.has(one));
      if (stranger === undefined) return;
      this.#heard.delete(stranger);
    }
    this.#heard.add(device);
    this.#judge(device);
  }

  #goodbye(device: DeviceId): void {
    if (!this.#peers.has(device)) return this.#forget(device);
    if (this.#leaving.has(device)) return;
    const { clock } = this.#options.ports;
    this.#leaving.set(
      device,
      clock.setTimer(() => this.#forget(device), LAN_GONE_MS),
    );
  }

  #stay(device: DeviceId): void {
    this.#leaving.get(device)?.cancel();
    this.#leaving.delete(device);
  }

  #forget(device: DeviceId): void {
    this.#stay(device);
    this.#heard.delete(device);
    const peer = this.#peers.get(device);
    if (!this.#peers.delete(device) || peer === undefined) return;
    this.#near.emit(peer, false);
  }

  #judge(device: DeviceId): void {
    const known = this.#peers.get(device);
    const peer = this.#find(device)?.peer;
    if (known !== undefined && peer === undefined) {
      this.#stay(device);
      this.#peers.delete(device);
      this.#rates.delete(device);
      this.#near.emit(known, false);
    }
    if (known !== undefined || peer === undefined) return;
    this.#peers.set(device, peer);
    this.#near.emit(peer, true);
  }

  #find(
    deviceId: DeviceId,
  ): { readonly peer: LinkPeer; readonly publicKey: Uint8Array } | undefined {
    const { ownerOf, peers } = this.#options;
    const userId = ownerOf(deviceId);
    if (userId === undefined || !peers.permits(userId, deviceId)) return undefined;
    const peer = { userId, deviceId };
    const publicKey = peers.publicKeyOf(peer);
    return publicKey && { peer, publicKey };
  }

  #onText(self: DeviceId, text: string): void {
    const { log } = this.#options.ports;
    if (text.length > MAX_LAN_TEXT_BYTES) return;
    const address = LanTexts.addressOf(text);
    if (address === undefined || address.to !== self || address.from === self) return;
    const signal = this.#texts.open(address);
    if (signal === undefined) {
      log.debug("a text of the local network says nothing", { from: address.from });
    } else if (this.#rateOf(address.from).take(1)) {
      this.#signal.emit(signal);
    }
  }

  /** Of devices that have proven who they are, so that no stranger uses it up, and the roster bounds them. */
  #rateOf(device: DeviceId): TokenBucket {
    const rate = this.#rates.get(device) ?? new TokenBucket(this.#options.ports.clock, LAN_TEXTS);
    this.#rates.set(device, rate);
    return rate;
  }
}
