import type { DeviceId, MessageId, UserId } from "../../protocol/index.ts";
import type { Link, LinkPeer } from "../link.ts";
import { DeviceCourier, type CourierContext } from "./device-courier.ts";
import type { Audience } from "./audience.ts";
import type { Path } from "./delivery-state.ts";
import type { OutboxItem } from "./outbox.ts";

interface Served {
  readonly courier: DeviceCourier;
  readonly userId: UserId;
  isOnline: boolean;
}

interface CourierOptions extends CourierContext {
  readonly audience: Pick<Audience, "whyNot">;
}

/** The couriers of all devices; bounded by the devices of the roster, and of the groups' members. */
export class Courier {
  readonly #context: CourierOptions;
  readonly #served = new Map<DeviceId, Served>();

  constructor(context: CourierOptions) {
    this.#context = context;
  }

  /** Sends the item to each of its recipients that has not acknowledged it. */
  add(item: OutboxItem): void {
    for (const { userId, deviceId, state } of item.record.recipients) {
      if (state === "acknowledged") continue;
      this.#of({ userId, deviceId }).add(item, state === "stored");
    }
  }

  /** The path by which the message went to that device last. */
  pathOf(device: DeviceId, id: MessageId): Path | undefined {
    return this.#served.get(device)?.courier.entry(id)?.way?.path;
  }

  acknowledged(device: DeviceId, id: MessageId): void {
    this.#served.get(device)?.courier.acknowledged(id);
  }

  /** The device could not open it: it is to be sealed anew. False where that is no news. */
  unreadable(device: DeviceId, id: MessageId): boolean {
    return this.#served.get(device)?.courier.unreadable(id) ?? false;
  }

  /** The item has ended: nobody gets it any more. */
  forget(item: OutboxItem): void {
    for (const { deviceId } of item.record.recipients) {
      this.#served.get(deviceId)?.courier.forget(item.record.id);
    }
  }

  heard(device: DeviceId, link: Link | undefined): void {
    this.#served.get(device)?.courier.heard(link);
  }

  /** A direct link opened, or a link can take more. */
  kick(device: DeviceId): void {
    this.#served.get(device)?.courier.kick();
  }

  /** The route policies that hold with that person are others now. */
  routesChanged(userId: UserId): void {
    for (const served of this.#served.values()) {
      if (served.userId === userId) served.courier.routesChanged();
    }
  }

  linkClosed(link: Link): void {
    this.#served.get(link.peer.deviceId)?.courier.linkClosed(link);
  }

  /** The server's connection was made or lost. */
  serverChanged(): void {
    for (const { courier } of this.#served.values()) courier.presenceChanged();
  }

  /**
   * The roster, somebody's presence or a group changed: devices come online, leave, or are no more, and
   * people are in a conversation no more.
   */
  directoryChanged(): void {
    const { audience, directory } = this.#context;
    for (const [device, served] of this.#served) {
      const { courier, userId } = served;
      let gaveUp = false;
      for (const place of courier.places()) {
        const reason = audience.whyNot(place, { userId, deviceId: device });
        if (reason === undefined) continue;
        courier.giveUp(place.conversationId, reason);
        gaveUp = true;
      }
      if (gaveUp && courier.isIdle) {
        this.#served.delete(device);
        courier.close();
        continue;
      }
      const isOnline = directory.isOnline(device);
      if (isOnline === served.isOnline) continue;
      served.isOnline = isOnline;
      served.courier.presenceChanged();
    }
  }

  close(): void {
    for (const { courier } of this.#served.values()) courier.close();
    this.#served.clear();
  }

  #of(peer: LinkPeer): DeviceCourier {
    let served = this.#served.get(peer.deviceId);
    if (served === undefined) {
      const isOnline = this.#context.directory.isOnline(peer.deviceId);
      const courier = new DeviceCourier(this.#context, peer);
      served = { courier, userId: peer.userId, isOnline };
      this.#served.set(peer.deviceId, served);
    }
    return served.courier;
  }
}
