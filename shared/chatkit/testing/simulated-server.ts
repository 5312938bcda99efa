import {
  encodeEnvelope,
  ProtocolError,
  type DeviceId,
  type EventName,
  type EventParams,
  type MailboxItem,
  type MethodName,
  type Params,
  type Result,
} from "../../protocol/index.ts";
import { decodeBase64, encodeBase64 } from "../../crypto/index.ts";
import { ChatKitError, type ConnectionState } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { LinkPeer } from "../link.ts";
import { testServerInfo } from "./test-server-info.ts";

/** A page smaller than the real one, so that tests see several. */
const PAGE = 7;

const online: ConnectionState = { state: "online", server: testServerInfo("simulated", 0) };

/** The mailboxes of all devices; they survive everything. */
export class SimulatedServer {
  readonly mailboxes = new Map<DeviceId, MailboxItem[]>();
  readonly connections = new Map<DeviceId, SimulatedConnection>();
  /** Envelopes that one mailbox takes. */
  quota = Infinity;
  /** Devices of each `mailbox.post`. */
  readonly posts: number[] = [];
  #position = 0;

  put({ envelopes }: Params<"mailbox.put">, from: LinkPeer): Result<"mailbox.put"> {
    const outcomes = envelopes.map(({ id, to, envelope }) => {
      const mailbox = this.mailboxes.get(to) ?? [];
      this.mailboxes.set(to, mailbox);
      if (mailbox.some((item) => item.id === id)) return { outcome: "stored" as const };
      if (mailbox.length >= this.quota) return { outcome: "refused" as const, error: 1300 };
      mailbox.push({ position: ++this.#position, id, from, storedAt: 0, envelope });
      this.connections.get(to)?.emit("mailbox.arrived", { count: mailbox.length });
      return { outcome: "stored" as const };
    });
    return { outcomes };
  }

  /** Each envelope as if it had come by `put`. */
  post(
    { conversationId, id, sealed, sequence, to }: Params<"mailbox.post">,
    from: LinkPeer,
  ): Result<"mailbox.post"> {
    this.posts.push(to.length);
    const bytes = decodeBase64(sealed);
    const envelopes = to.map(({ after, deviceId }) => {
      const place = { sequence, after, id, conversationId, from: from.deviceId, to: deviceId };
      return {
        id,
        to: deviceId,
        envelope: encodeBase64(encodeEnvelope({ ...place, sealed: bytes })),
      };
    });
    return this.put({ envelopes }, from);
  }

  fetch({ after }: Params<"mailbox.fetch">, device: DeviceId): Result<"mailbox.fetch"> {
    const items = (this.mailboxes.get(device) ?? []).filter(({ position }) => position > after);
    return { items: items.slice(0, PAGE), more: items.length > PAGE };
  }

  acknowledge(positions: readonly number[], device: DeviceId): void {
    const items = this.mailboxes.get(device) ?? [];
    this.mailboxes.set(
      device,
      items.filter(({ position }) => !positions.includes(position)),
    );
  }
}

/** A device's connection to the simulated server: as good as `carry` lets it be. */
export class SimulatedConnection implements ServerConnection {
  state: ConnectionState = { state: "idle" };
  readonly bufferedAmount = 0;
  readonly #server: SimulatedServer;
  readonly #self: LinkPeer;
  /** Runs a request after some time; may lose it, or its answer. */
  readonly #carry: <T>(run: () => T) => Promise<T>;
  readonly #stateHandlers = new Set<(state: ConnectionState) => void>();
  readonly #arrivedHandlers = new Set<(params: EventParams<"mailbox.arrived">) => void>();

  constructor(server: SimulatedServer, self: LinkPeer, carry: <T>(run: () => T) => Promise<T>) {
    this.#server = server;
    this.#self = self;
    this.#carry = carry;
  }

  setOnline(isOnline: boolean): void {
    this.state = isOnline ? online : { state: "waiting", attempt: 1, retryAt: 0 };
    for (const handler of this.#stateHandlers) handler(this.state);
  }

  emit(event: "mailbox.arrived", params: EventParams<"mailbox.arrived">): void {
    if (this.state.state !== "online" || event !== "mailbox.arrived") return;
    for (const handler of this.#arrivedHandlers) handler(params);
  }

  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
  request(
    ...call:
      | ["mailbox.put", Params<"mailbox.put">]
      | ["mailbox.post", Params<"mailbox.post">]
      | ["mailbox.fetch", Params<"mailbox.fetch">]
      | ["mailbox.acknowledge", Params<"mailbox.acknowledge">]
  ): Promise<unknown> {
    if (this.state.state !== "online") return Promise.reject(unreachable());
    const { deviceId } = this.#self;
    return this.#carry((): unknown => {
      switch (call[0]) {
        case "mailbox.put":
          return this.#server.put(call[1], this.#self);
        case "mailbox.post":
          return this.#server.post(call[1], this.#self);
        case "mailbox.fetch":
          return this.#server.fetch(call[1], deviceId);
        case "mailbox.acknowledge":
          this.#server.acknowledge(call[1].positions, deviceId);
          return {};
        default:
          throw new ProtocolError("unknown-method", "not simulated");
      }
    });
  }

  suspect(): void {}

  sendChannelData(): boolean {
    return false;
  }

  onState(handler: (state: ConnectionState) => void): () => void {
    this.#stateHandlers.add(handler);
    return () => this.#stateHandlers.delete(handler);
  }

  onSession(): () => void {
    return () => {};
  }

  onEvent<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): () => void;
  onEvent(event: string, handler: (params: EventParams<"mailbox.arrived">) => void): () => void {
    if (event === "mailbox.arrived") this.#arrivedHandlers.add(handler);
    return () => this.#arrivedHandlers.delete(handler);
  }

  onChannelData(): () => void {
    return () => {};
  }
}

export function unreachable(): ChatKitError {
  return new ChatKitError("server-unreachable", "simulated", { retryable: true });
}
