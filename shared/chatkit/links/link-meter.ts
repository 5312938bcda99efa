import type { DeviceId } from "../../protocol/index.ts";
import { LINK_PING_TIMEOUT_MS } from "../limits.ts";
import { LINK_QUEUE_BYTES, type Link, type LinkPeer } from "../link.ts";
import type { Ports, Timer } from "../ports.ts";
import { SlowVerdict } from "./slow-verdict.ts";

/** An open direct link in use is pinged so often: 20 bytes, and a slow one is left within a quarter minute. */
export const METER_EVERY_MS = 5_000;

/** So often while a comparison has just spoken against the present path. */
export const METER_DOUBTFUL_MS = 1_000;

/** A link that carried no message for so long is not in use. */
export const METER_WHILE_USED_MS = 60_000;

export interface LinkMeterOptions {
  readonly ports: Pick<Ports, "clock" | "log">;
  /** The open direct link, slow or not. */
  readonly direct: (device: DeviceId) => Link | undefined;
  /** One to compare with. @throws where there is none and none can be opened */
  readonly relay: (peer: LinkPeer) => Promise<Link>;
  /** @throws LinkError */
  readonly ping: (link: Link) => Promise<number>;
  /** Gives the link so long for a sign of life. */
  readonly probe: (link: Link, withinMs: number) => void;
  /** The link became slow, or is no longer. */
  readonly onChange: (link: Link) => void;
}

interface Metered {
  readonly link: Link;
  readonly verdict: SlowVerdict;
  usedUntil: number;
  timer: Timer | undefined;
  measuring: boolean;
}

/**
 * Times direct links in use, and compares the slow ones with the relay (SPEC L4 to L6). No more than
 * one ping at a time each way for each open direct link; none for links out of use.
 */
export class LinkMeter {
  readonly #options: LinkMeterOptions;
  readonly #metered = new Map<DeviceId, Metered>();

  constructor(options: LinkMeterOptions) {
    this.#options = options;
  }

  /** A message, or a receipt, went over a link to the device, or came. */
  used({ deviceId }: LinkPeer): void {
    const metered = this.#of(deviceId);
    if (metered === undefined) return;
    metered.usedUntil = this.#options.ports.clock.monotonic() + METER_WHILE_USED_MS;
    this.#wait(metered);
  }

  slow(device: DeviceId): boolean {
    return this.#metered.get(device)?.verdict.slow ?? false;
  }

  /** The link has ended. */
  forget(link: Link): void {
    const { deviceId } = link.peer;
    const metered = this.#metered.get(deviceId);
    if (metered?.link !== link) return;
    metered.timer?.cancel();
    this.#metered.delete(deviceId);
  }

  #of(device: DeviceId): Metered | undefined {
    const known = this.#metered.get(device);
    if (known !== undefined) return known;
    const link = this.#options.direct(device);
    if (link === undefined) return undefined;
    const verdict = new SlowVerdict();
    const metered = { link, verdict, usedUntil: 0, timer: undefined, measuring: false };
    this.#metered.set(device, metered);
    return metered;
  }

  #wait(metered: Metered): void {
    if (metered.timer !== undefined || metered.measuring) return;
    const ms = metered.verdict.doubtful ? METER_DOUBTFUL_MS : METER_EVERY_MS;
    metered.timer = this.#options.ports.clock.setTimer(() => {
      metered.timer = undefined;
      if (this.#options.ports.clock.monotonic() < metered.usedUntil) void this.#measure(metered);
    }, ms);
  }

  async #measure(metered: Metered): Promise<void> {
    const { link, verdict } = metered;
    const { ports, ping, probe, onChange } = this.#options;
    metered.measuring = true;
    try {
      // Behind a queue of one's own a ping times the queue.
      const isQuiet = link.bufferedAmount <= LINK_QUEUE_BYTES;
      probe(link, LINK_PING_TIMEOUT_MS);
      const directMs = await ping(link);
      const relayMs = verdict.needsRelay(directMs) ? await this.#relayMs(link.peer) : undefined;
      if (isQuiet && this.#isCurrent(metered) && verdict.note(directMs, relayMs)) onChange(link);
    } catch (error) {
      // The probe judges the silence; a link that closed is forgotten.
      ports.log.debug("a direct link was not measured", { error });
    } finally {
      metered.measuring = false;
      if (this.#isCurrent(metered)) this.#wait(metered);
    }
  }

  async #relayMs(peer: LinkPeer): Promise<number | undefined> {
    const { ports, ping, relay } = this.#options;
    try {
      const link = await relay(peer);
      if (link.bufferedAmount > LINK_QUEUE_BYTES) return undefined;
      return await ping(link);
    } catch (error) {
      ports.log.debug("no relay to compare a slow link with", { error });
      return undefined;
    }
  }

  #isCurrent(metered: Metered): boolean {
    return this.#metered.get(metered.link.peer.deviceId) === metered;
  }
}
