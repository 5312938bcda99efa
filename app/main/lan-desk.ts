import { createLan, type DeviceId } from "../lan/lan.ts";
import { browseServers } from "../lan/servers.ts";
import type { BridgeLanEvent, BridgeServer } from "../preload/bridge.ts";

type Log = Parameters<typeof createLan>[0]["log"];
type Membership = ReturnType<ReturnType<typeof createLan>["join"]>;

export interface LanDeskOptions {
  readonly log: Log;
  /** Tells the page, where there is one. */
  readonly tell: (event: BridgeLanEvent) => void;
  readonly tellServers: (servers: readonly BridgeServer[]) => void;
  /** The network; the machine's own unless a test plays it. */
  readonly lan?: ReturnType<typeof createLan>;
  readonly browse?: (onChange: (servers: readonly BridgeServer[]) => void) => () => void;
}

/** The local network on behalf of the page: one membership and one search at a time. */
export class LanDesk {
  readonly #options: LanDeskOptions;
  #membership: Membership | undefined;
  #stop: (() => void) | undefined;

  constructor(options: LanDeskOptions) {
    this.#options = options;
  }

  join(device: DeviceId): void {
    this.leave();
    const { lan = createLan({ log: this.#options.log }), tell } = this.#options;
    const membership = lan.join(device, {
      onNear: (near) => send({ type: "near", device: near }),
      onGone: (gone) => send({ type: "gone", device: gone }),
      onText: (text) => send({ type: "text", text }),
      onState: (state) => send({ type: "state", state }),
    });
    const isCurrent = (): boolean => this.#membership === membership;
    this.#membership = membership;
    tell({ type: "state", state: membership.state });

    function send(event: BridgeLanEvent): void {
      if (isCurrent()) tell(event);
    }
  }

  leave(): void {
    const membership = this.#membership;
    this.#membership = undefined;
    membership?.close();
  }

  /** False where nobody took it. */
  async send(device: DeviceId, text: string): Promise<boolean> {
    try {
      if (this.#membership === undefined) return false;
      await this.#membership.send(device, text);
      return true;
    } catch (error) {
      this.#options.log.debug("a text was not handed over", { error });
      return false;
    }
  }

  watchServers(): void {
    const { log, tellServers } = this.#options;
    const { browse = (onChange) => browseServers({ log }, onChange) } = this.#options;
    this.#stop?.();
    this.#stop = browse(tellServers);
  }

  unwatchServers(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** The page has gone, or is another one. */
  reset(): void {
    this.leave();
    this.unwatchServers();
  }
}
