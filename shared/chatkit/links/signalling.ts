import {
  ProtocolError,
  type DeviceId,
  type IncomingSignal,
  type LinkId,
  type Signal,
} from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
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

/** By the server while there is one; by the local network to those whom the server does not reach. */
export class CombinedSignalling implements Signalling {
  readonly #server: Signalling;
  readonly #lan: Signalling;

  constructor(server: Signalling, lan: Signalling) {
    this.#server = server;
    this.#lan = lan;
  }

  reaches(device: DeviceId): boolean {
    return this.#server.reaches(device) || this.#lan.reaches(device);
  }

  async send(to: LinkPeer, linkId: LinkId, signal: Signal): Promise<void> {
    if (!this.#server.reaches(to.deviceId)) return await this.#lan.send(to, linkId, signal);
    try {
      await this.#server.send(to, linkId, signal);
    } catch (error) {
      if (!isAbsence(error) || !this.#lan.reaches(to.deviceId)) throw error;
      await this.#lan.send(to, linkId, signal);
    }
  }

  onSignal(handler: (incoming: IncomingSignal) => void): () => void {
    const ends = [this.#server.onSignal(handler), this.#lan.onSignal(handler)];
    return () => {
      for (const end of ends) end();
    };
  }

  onReachable(handler: (device: DeviceId | undefined) => void): () => void {
    const ends = [
      this.#server.onReachable(handler),
      this.#lan.onReachable((device) => {
        // Where the server leads there already, what is under way by it is not disturbed.
        if (device === undefined || !this.#server.reaches(device)) handler(device);
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }
}

/** The device, or the server, is not there. */
function isAbsence(error: unknown): boolean {
  if (error instanceof ProtocolError) return error.errorName === "peer-offline";
  return error instanceof ChatKitError && error.reason === "server-unreachable";
}
