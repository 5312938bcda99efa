import { limits, type DeviceId, type Params, type Result } from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Member } from "../connection/member.ts";
import type { RateLimiter } from "../connection/rate-limiter.ts";
import type { ConversationStore } from "../store/conversation-store.ts";
import type { KeyPackageStore, TakenKeyPackage } from "../store/store.ts";
import { base64, bytesOf } from "./base64.ts";
import { event } from "./event-frames.ts";
import type { Reach } from "./reach.ts";

/** Single-use packages left at which their device is asked for more. */
const FEW = 16;

export interface KeyPackageServiceOptions {
  readonly keyPackages: KeyPackageStore;
  readonly conversations: ConversationStore;
  readonly reach: Reach;
  readonly bus: Bus;
  /** Single-use packages that one account may take of one device. */
  readonly singleUse: RateLimiter;
}

/** Hands devices' key packages to those who may add them to a group. */
export class KeyPackageService {
  readonly #options: KeyPackageServiceOptions;

  constructor(options: KeyPackageServiceOptions) {
    this.#options = options;
  }

  async publish(
    member: Member,
    { packages, lastResort }: Params<"keyPackages.publish">,
  ): Promise<Result<"keyPackages.publish">> {
    const kept = await this.#options.keyPackages.publish(member.deviceId, {
      singleUse: packages.map(bytesOf),
      ...(lastResort === undefined ? {} : { lastResort: bytesOf(lastResort) }),
      maxKept: limits.MAX_KEY_PACKAGES,
    });
    return { kept };
  }

  async take(
    member: Member,
    { devices }: Params<"keyPackages.take">,
  ): Promise<Result<"keyPackages.take">> {
    const packages: Result<"keyPackages.take">["packages"] = [];
    for (const deviceId of new Set(devices)) {
      const taken = await this.#takeOne(member, deviceId);
      if (taken === undefined) continue;
      packages.push({ deviceId, keyPackage: base64(taken.keyPackage) });
    }
    return { packages };
  }

  async #takeOne(member: Member, deviceId: DeviceId): Promise<TakenKeyPackage | undefined> {
    const { keyPackages, reach, bus, singleUse } = this.#options;
    const standing = reach.known(member, deviceId) ?? (await this.#standing(member, deviceId));
    if (standing === "none") return undefined;
    // Nobody uses up what a device has for all. Whoever was blocked must not notice it, and costs
    // the other nothing.
    const spare = standing === "concealed" || singleUse.tryTake(`${member.userId} ${deviceId}`) > 0;
    const taken = await keyPackages.take(deviceId, { spare });
    if (taken?.singleUse === true && taken.left < FEW) {
      bus.toDevice(deviceId, event("keyPackages.low", { kept: taken.left }));
    }
    return taken;
  }

  /** Whoever is in a group with somebody takes them into it, also where the one has blocked the other. */
  async #standing(
    member: Member,
    deviceId: DeviceId,
  ): Promise<Awaited<ReturnType<Reach["standing"]>>> {
    const { conversations, reach } = this.#options;
    const standing = await reach.standing(member, deviceId);
    if (standing !== "none" && standing !== "concealed") return standing;
    const owner = await reach.ownerOf(deviceId);
    if (owner === undefined || !(await conversations.together(member.userId, owner))) {
      return standing;
    }
    return "buddy";
  }
}
