import type { DeviceId } from "../../protocol/index.ts";
import type { Lan, LanHandlers, LanMembership, LanState } from "../ports.ts";

/** A local network in one process: whoever joins sees all others, and texts arrive a moment later. */
export class FakeLan implements Lan {
  /** Every text that was handed over, in order. */
  readonly texts: { readonly from: DeviceId; readonly to: DeviceId; readonly text: string }[] = [];
  /** The next text takes as long as this. */
  hold: Promise<void> | undefined;
  readonly #members = new Map<DeviceId, LanHandlers>();

  get members(): readonly DeviceId[] {
    return [...this.#members.keys()];
  }

  join(self: DeviceId, handlers: LanHandlers): LanMembership {
    const others = [...this.#members];
    this.#members.set(self, handlers);
    const state: LanState = "working";
    queueMicrotask(() => {
      handlers.onState(state);
      for (const [device, other] of others) {
        handlers.onNear(device);
        other.onNear(self);
      }
    });
    return {
      state,
      send: async (to, text) => {
        const { hold } = this;
        this.hold = undefined;
        await hold;
        if (!this.#members.has(to)) throw new Error("nobody took the text");
        this.texts.push({ from: self, to, text });
        this.deliver(to, text);
      },
      close: () => {
        if (this.#members.get(self) !== handlers) return;
        this.#members.delete(self);
        for (const other of this.#members.values()) other.onGone(self);
      },
    };
  }

  /** Anybody on the network can do that. */
  deliver(to: DeviceId, text: string): void {
    this.#members.get(to)?.onText(text);
  }

  /** Anybody on the network can say to be that device. */
  announce(device: DeviceId): void {
    for (const member of this.#members.values()) member.onNear(device);
  }

  /** And that it has left. */
  withdraw(device: DeviceId): void {
    for (const member of this.#members.values()) member.onGone(device);
  }
}
