import type { DeviceId, IncomingSignal, LinkId, Signal } from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import { MAX_LAN_QUEUE } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { Signalling } from "../links/signalling.ts";
import type { Nearby } from "./nearby.ts";

interface Lane {
  waiting: number;
  last: Promise<void>;
}

/** To the devices on the same network, whether there is a server or not. */
export class LanSignalling implements Signalling {
  readonly #nearby: Nearby;
  /** Candidates must not overtake the offer that they belong to: to one device, one after the other. */
  readonly #lanes = new Map<DeviceId, Lane>();

  constructor(nearby: Nearby) {
    this.#nearby = nearby;
  }

  reaches(device: DeviceId): boolean {
    return this.#nearby.has(device);
  }

  /** @throws ChatKitError server-unreachable where it was not handed over */
  async send({ deviceId }: LinkPeer, linkId: LinkId, signal: Signal): Promise<void> {
    const lane = this.#lanes.get(deviceId) ?? { waiting: 0, last: Promise.resolve() };
    if (lane.waiting >= MAX_LAN_QUEUE) throw unreachable("Too much is on its way there.");
    this.#lanes.set(deviceId, lane);
    lane.waiting += 1;
    const sent = lane.last.then(() => this.#nearby.send(deviceId, linkId, signal));
    lane.last = sent.catch(() => undefined);
    try {
      await sent;
    } catch (cause) {
      throw unreachable("The device was not reached on the local network.", cause);
    } finally {
      lane.waiting -= 1;
      if (lane.waiting === 0) this.#lanes.delete(deviceId);
    }
  }

  onSignal(handler: (incoming: IncomingSignal) => void): () => void {
    return this.#nearby.onSignal(handler);
  }

  onReachable(handler: (device: DeviceId | undefined) => void): () => void {
    return this.#nearby.onNear(({ deviceId }, isNear) => {
      if (isNear) handler(deviceId);
    });
  }
}

function unreachable(message: string, cause?: unknown): ChatKitError {
  return new ChatKitError("server-unreachable", message, { retryable: true, cause });
}
