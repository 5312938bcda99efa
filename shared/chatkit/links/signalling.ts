import type { DeviceId, IncomingSignal, LinkId, Signal } from "../../protocol/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { LinkPeer } from "../link.ts";

/** How signals reach other devices, and come from them. */
export interface Signalling {
  /** Is there a way to that device now? */
  reaches(device: DeviceId): boolean;
  /** @throws ProtocolError, ChatKitError where it did not arrive */
  send(to: LinkPeer, linkId: LinkId, signal: Signal): Promise<void>;
  onSignal(handler: (incoming: IncomingSignal) => void): () => void;
  /**
   * A way came, to that device, or to all where none is named: what waited for it can begin, and
   * signals of attempts that were under way may be lost.
   */
  onReachable(handler: (device: DeviceId | undefined) => void): () => void;
}

/** By the rendezvous server, to whoever is online there. */
export class ServerSignalling implements Signalling {
  readonly #connection: ServerConnection;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  reaches(): boolean {
    return this.#connection.state.state === "online";
  }

  async send({ deviceId }: LinkPeer, linkId: LinkId, signal: Signal): Promise<void> {
    await this.#connection.request("signal.send", { to: deviceId, linkId, signal });
  }

  onSignal(handler: (incoming: IncomingSignal) => void): () => void {
    return this.#connection.onEvent("signal.received", handler);
  }

  onReachable(handler: (device: DeviceId | undefined) => void): () => void {
    return this.#connection.onState(({ state }) => {
      if (state === "online") handler(undefined);
    });
  }
}
