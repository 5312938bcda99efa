import {
  closeCodes,
  CHANNEL_HEADER_BYTES,
  decodeChannelData,
  encodeChannelData,
  events,
  isEventName,
  limits,
  methods,
  parse,
  parseServerFrame,
  ProtocolError,
  requestFrame,
  SUBPROTOCOL,
  type EventName,
  type EventParams,
  type MethodName,
  type Params,
  type Result,
  type ServerFrame,
} from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import { assertNever } from "../assert-never.ts";
import { MAX_PENDING_REQUESTS, MAX_WAITING_REQUESTS, REQUEST_TIMEOUT_MS } from "../limits.ts";
import type { Ports, Socket, Timer } from "../ports.ts";

/** A request that has no answer, and nothing else came since: the connection may be dead. */
export const SLOW_ANSWER_MS = 3_000;

/**
 * What a slow uplink carries, bytes per ms: half of 1 Mbit/s, for others share it. What was handed to
 * the socket leaves no slower; a socket's own figure leaves out what the system has taken.
 */
const SLOW_UPLINK = 64;

/** The connection ended without a close frame (RFC 6455 §7.4.1). */
const ABNORMAL_CLOSURE = 1006;

export interface RpcHandlers {
  onOpen(): void;
  onEvent<E extends EventName>(event: E, params: EventParams<E>): void;
  onChannelData(channel: number, payload: Uint8Array): void;
  /** The server sent something that the contract does not know. The connection goes on. */
  onProtocolError(error: ProtocolError): void;
  /** A request has waited for `SLOW_ANSWER_MS`, and nothing came: the connection may be dead. */
  onQuiet(): void;
  /** A request got no answer in time: the connection may be dead. */
  onTimeout(): void;
  /** Exactly once; nothing follows it. Requests without an answer have been rejected before. */
  onClose(code: number, reason: string): void;
}

/** A request behind those whose answers are awaited. */
interface Waiting {
  readonly send: () => void;
  readonly reject: (error: Error) => void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly timer: Timer;
  readonly sentAt: number;
}

/** What a request's answer is handed to, in the same turn in which it arrives. */
export interface Answer<T> {
  resolve(result: T): void;
  reject(error: Error): void;
}

/** One socket to the server: requests, their answers, events and channel data, all of them checked. */
export class RpcSocket {
  readonly #ports: Pick<Ports, "clock" | "log">;
  readonly #handlers: RpcHandlers;
  readonly #socket: Socket;
  readonly #gone = Promise.withResolvers<void>();
  readonly #pending = new Map<number, Pending>();
  /** Not sent yet, in their order. */
  readonly #waiting: Waiting[] = [];
  #state: "connecting" | "open" | "closed" = "connecting";
  #nextId = 1;
  #offences = 0;
  #sentAt: number;
  #receivedAt: number;
  #received = 0;
  #quiet: Timer | undefined;
  #backlog = 0;

  constructor(url: string, ports: Pick<Ports, "clock" | "log" | "sockets">, handlers: RpcHandlers) {
    this.#ports = ports;
    this.#handlers = handlers;
    this.#sentAt = this.#receivedAt = ports.clock.monotonic();
    this.#socket = ports.sockets.connect(url, SUBPROTOCOL, {
      onOpen: () => this.#opened(),
      onText: (text) => this.#receive(() => this.#readText(text)),
      onBinary: (bytes) => this.#receive(() => this.#readBinary(bytes)),
      onClose: (code, reason) => {
        this.#gone.resolve();
        this.#lost(code, reason);
      },
    });
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Monotonic time since which the connection was idle in at least one direction. */
  get idleSince(): number {
    return Math.min(this.#sentAt, this.#receivedAt);
  }

  /** Counts the frames that came: a later value proves that the server lives. */
  get received(): number {
    return this.#received;
  }

  /** Time until all that was handed to the socket has left, by a slow uplink, ms. */
  get backlogMs(): number {
    const left = this.#ports.clock.monotonic() - this.#sentAt;
    return Math.max(0, this.#backlog / SLOW_UPLINK - left);
  }

  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    return new Promise((resolve, reject) => this.call(method, params, { resolve, reject }));
  }

  /** As `request`, but the answer is handled before the next frame is read. */
  call<M extends MethodName>(method: M, params: Params<M>, answer: Answer<Result<M>>): void {
    if (this.#state !== "open") return answer.reject(unreachable("There is no connection."));
    if (this.#pending.size >= MAX_PENDING_REQUESTS) {
      if (this.#waiting.length < MAX_WAITING_REQUESTS) {
        this.#waiting.push({
          send: () => this.call(method, params, answer),
          reject: (error) => answer.reject(error),
        });
        return;
      }
      return answer.reject(new ProtocolError("too-many-requests", "Too many requests at a time."));
    }
    const id = this.#nextId++;
    const text = requestFrame(id, method, params);
    if (text.length > limits.MAX_TEXT_FRAME_BYTES) {
      return answer.reject(new ProtocolError("too-large", "The request is too large."));
    }
    const timer = this.#ports.clock.setTimer(() => this.#timedOut(id, method), REQUEST_TIMEOUT_MS);
    this.#pending.set(id, {
      timer,
      sentAt: this.#ports.clock.monotonic(),
      reject: (error) => answer.reject(error),
      resolve: (result) => this.#answered(method, result, answer),
    });
    this.#sending(text.length);
    this.#socket.send(text);
    this.#listenForQuiet();
  }

  /** False while there is no open connection. */
  sendChannelData(channel: number, payload: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    this.#sending(payload.length);
    this.#socket.send(encodeChannelData(channel, payload));
    return true;
  }

  /**
   * Ends it without `onClose`; requests without an answer are rejected with `error`.
   * @returns resolves when the socket has really gone; a dead one may take long
   */
  end(code: number, error: Error): Promise<void> {
    if (this.#state !== "closed") {
      this.#state = "closed";
      this.#rejectPending(error);
      this.#socket.close(code);
    }
    return this.#gone.promise;
  }

  /** Ends it now, for a socket that may never answer: `onClose` is called before this returns. */
  abort(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#socket.close(code);
    this.#lost(ABNORMAL_CLOSURE, reason);
  }

  #opened(): void {
    if (this.#state !== "connecting") return;
    this.#state = "open";
    this.#handlers.onOpen();
  }

  #lost(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#rejectPending(unreachable("The connection was lost before the answer came."));
    this.#handlers.onClose(code, reason);
  }

  #sending(bytes: number): void {
    this.#backlog = this.backlogMs * SLOW_UPLINK + bytes;
    this.#sentAt = this.#ports.clock.monotonic();
  }

  /** One timer for all requests: whatever comes proves that the connection lives. */
  #listenForQuiet(): void {
    const [oldest] = this.#pending.values();
    if (oldest === undefined || this.#quiet !== undefined) return;
    const { clock } = this.#ports;
    const dueAt = Math.max(oldest.sentAt, this.#receivedAt) + SLOW_ANSWER_MS;
    const ms = dueAt - clock.monotonic();
    this.#quiet = clock.setTimer(
      () => {
        this.#quiet = undefined;
        const [first] = this.#pending.values();
        const since = Math.max(first?.sentAt ?? Infinity, this.#receivedAt);
        if (clock.monotonic() - since >= SLOW_ANSWER_MS) this.#handlers.onQuiet();
        this.#listenForQuiet();
      },
      ms > 0 ? ms : SLOW_ANSWER_MS,
    );
  }

  #rejectPending(error: Error): void {
    this.#quiet?.cancel();
    this.#quiet = undefined;
    for (const pending of this.#pending.values()) {
      pending.timer.cancel();
      pending.reject(error);
    }
    this.#pending.clear();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #receive(read: () => void): void {
    if (this.#state !== "open") return;
    this.#receivedAt = this.#ports.clock.monotonic();
    this.#received += 1;
    try {
      read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#offence(error);
    }
  }

  #offence(error: ProtocolError): void {
    this.#handlers.onProtocolError(error);
    this.#offences += 1;
    // A handler may have closed the connection meanwhile; then this does nothing.
    if (this.#offences >= limits.MAX_OFFENCES) {
      this.abort(closeCodes.protocolViolation, "too many broken frames");
    }
  }

  #readText(text: string): void {
    if (text.length > limits.MAX_TEXT_FRAME_BYTES) {
      throw new ProtocolError("too-large", "The server sent too large a frame.");
    }
    const frame = parseServerFrame(text);
    switch (frame.kind) {
      case "event":
        return this.#readEvent(frame.method, frame.params);
      case "result":
        return this.#take(frame.id)?.resolve(frame.result);
      case "error":
        return this.#readError(frame);
      default:
        return assertNever(frame);
    }
  }

  #readEvent(name: string, params: unknown): void {
    // Newer servers have more events (protocol/versions.ts).
    if (!isEventName(name)) return this.#ports.log.debug("unknown event", { name });
    this.#handlers.onEvent(name, parse(events[name], params));
  }

  #readError(frame: Extract<ServerFrame, { kind: "error" }>): void {
    // Without an id nobody can be told but the log (JSON-RPC 2.0 §5).
    if (frame.id === null) throw frame.error;
    this.#take(frame.id)?.reject(frame.error);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) this.#ports.log.debug("late or unknown answer", { id });
    else pending.timer.cancel();
    if (this.#pending.delete(id)) this.#waiting.shift()?.send();
    return pending;
  }

  #answered<M extends MethodName>(method: M, raw: unknown, answer: Answer<Result<M>>): void {
    let result: Result<M>;
    try {
      result = parse(methods[method].result, raw);
    } catch (cause) {
      const error = new ProtocolError("internal", `The server's answer to ${method} is broken.`, {
        cause,
      });
      answer.reject(error);
      throw error;
    }
    answer.resolve(result);
  }

  #timedOut(id: number, method: MethodName): void {
    const pending = this.#take(id);
    pending?.reject(unreachable(`The server did not answer ${method} in time.`));
    this.#handlers.onTimeout();
  }

  #readBinary(bytes: Uint8Array): void {
    const data = decodeChannelData(bytes);
    if (bytes.length > limits.MAX_BINARY_FRAME_BYTES || data === undefined) {
      throw new ProtocolError(
        "invalid-request",
        `A binary frame has ${CHANNEL_HEADER_BYTES} to ${limits.MAX_BINARY_FRAME_BYTES} bytes.`,
      );
    }
    this.#handlers.onChannelData(data.channel, data.payload);
  }
}

export function unreachable(message: string, options?: ErrorOptions): ChatKitError {
  return new ChatKitError("server-unreachable", message, { ...options, retryable: true });
}
