import type { Params } from "../../shared/protocol/index.ts";
import type { Member } from "../connection/member.ts";
import { event } from "./event-frames.ts";
import type { Reach } from "./reach.ts";

/** Carries offers, answers and candidates between two devices that may reach each other. */
export class SignallingService {
  readonly #reach: Reach;

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  /** @throws ProtocolError no-such-device, peer-offline */
  async send(member: Member, params: Params<"signal.send">): Promise<{}> {
    const device = await this.#reach.online(member, params.to);
    device.deliver(
      event("signal.received", {
        from: { userId: member.userId, deviceId: member.deviceId },
        linkId: params.linkId,
        signal: params.signal,
      }),
    );
    return {};
  }
}
