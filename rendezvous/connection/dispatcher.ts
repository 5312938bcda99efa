import {
  closeCodes,
  errorFrame,
  isMethodName,
  limits,
  methods,
  parse,
  parseRequestFrame,
  ProtocolError,
  resultFrame,
  type ErrorName,
  type MethodName,
  type Methods,
  type Params,
  type RequestFrame,
  type Result,
} from "../../shared/protocol/index.ts";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { Metrics } from "../metrics.ts";
import { StoreError } from "../store/store.ts";
import type { Connection } from "./connection.ts";
import type { Member } from "./member.ts";
import type { Rate } from "./token-bucket.ts";

type OpenMethod = {
  [M in MethodName]: Methods[M]["signedIn"] extends true ? never : M;
}[MethodName];
export type MemberMethod = Exclude<MethodName, OpenMethod>;
type Answer<M extends MethodName> = Result<M> | Promise<Result<M>>;

/** What needs no sign-in. One handler per method: a missing one is a type error. */
export type OpenHandlers = {
  readonly [M in OpenMethod]: (connection: Connection, params: Params<M>) => Answer<M>;
};
export type MemberHandlers = {
  readonly [M in MemberMethod]: (member: Member, params: Params<M>) => Answer<M>;
};

/** Bytes waiting for a client above which it gets no more answers. */
const MAX_UNREAD_BYTES = 4 * limits.RELAY_STOP_BYTES;

/** Frames that say that their sender does not keep the protocol. */
const offences: ReadonlySet<ErrorName> = new Set([
  "parse-error",
  "invalid-request",
  "unknown-method",
  "invalid-params",
  "not-signed-in",
]);

export interface DispatcherOptions {
  readonly open: OpenHandlers;
  readonly member: MemberHandlers;
  /** Takes a request's cost from what its account may ask for. @throws ProtocolError rate-limited */
  readonly spend: <M extends MemberMethod>(member: Member, method: M, params: Params<M>) => void;
  /** Sees every refusal. */
  readonly refused: (
    connection: Connection,
    method: MethodName | "unknown",
    error: ErrorName,
  ) => void;
  readonly rate: Rate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Reads text frames, calls handlers, answers. Requests of one connection run at the same time. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  #pending = 0;
  #idle: (() => void) | undefined;
  /** Set at shutdown: what runs is finished, what comes is refused. */
  #draining = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  receive(connection: Connection, text: string): void {
    let request: RequestFrame;
    try {
      request = parseRequestFrame(text);
    } catch (error) {
      this.#refuse(connection, null, "unknown", error);
      return;
    }
    const { id, method } = request;
    try {
      this.#admit(connection);
      if (!isMethodName(method)) {
        throw new ProtocolError("unknown-method", "The server knows no such method.");
      }
    } catch (error) {
      this.#refuse(connection, id, isMethodName(method) ? method : "unknown", error);
      return;
    }
    try {
      const answer = isOpenMethod(method)
        ? this.#callOpen(connection, method, request.params)
        : this.#callMember(connection, method, request.params);
      if (answer instanceof Promise) this.#follow(connection, request, method, answer, text.length);
      else this.#answer(connection, id, method, answer);
    } catch (error) {
      this.#refuse(connection, id, method, error);
    }
  }

  /** Refuses new requests and resolves when the running ones are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** @throws ProtocolError rate-limited, too-many-requests, unavailable */
  #admit(connection: Connection): void {
    const { rate, clock } = this.#options;
    const verdict = connection.bucket.take(rate, clock.monotonic());
    if (verdict !== "granted") {
      const retryAfterMs = connection.bucket.waitMs(rate);
      if (verdict === "flooding") connection.end(closeCodes.rateLimited);
      throw new ProtocolError("rate-limited", "Too many requests per second.", { retryAfterMs });
    }
    // Who does not read the answers gets no more of them: later ones wait in the network, and
    // those that were read already are refused before they fill the memory.
    const unread = connection.waitingBytes;
    if (unread > limits.RELAY_STOP_BYTES) connection.stopUntilRead();
    if (connection.pending >= limits.MAX_PENDING_REQUESTS || unread > MAX_UNREAD_BYTES) {
      throw new ProtocolError("too-many-requests", "Too many requests wait for their answer.");
    }
    if (this.#draining) throw new ProtocolError("unavailable", "The server is shutting down.");
  }

  #callOpen<M extends OpenMethod>(connection: Connection, method: M, raw: unknown): Answer<M> {
    const handler: OpenHandlers[M] = this.#options.open[method];
    return handler(connection, parse(methods[method].params, raw));
  }

  #callMember<M extends MemberMethod>(connection: Connection, method: M, raw: unknown): Answer<M> {
    const member = connection.member;
    if (member === undefined || !member.ready) {
      throw new ProtocolError("not-signed-in", "Sign in first.");
    }
    const handler: MemberHandlers[M] = this.#options.member[method];
    const params = parse(methods[method].params, raw);
    this.#options.spend(member, method, params);
    return handler(member, params);
  }

  #follow(
    connection: Connection,
    { id }: RequestFrame,
    method: MethodName,
    answer: Promise<unknown>,
    size: number,
  ): void {
    connection.began(size);
    this.#pending++;
    const ended = (): void => {
      connection.finished(size);
      if (--this.#pending === 0) this.#idle?.();
    };
    answer.then(
      (result) => {
        ended();
        this.#answer(connection, id, method, result);
      },
      (error: unknown) => {
        ended();
        this.#refuse(connection, id, method, error);
      },
    );
  }

  #answer(connection: Connection, id: number, method: MethodName, result: unknown): void {
    this.#options.metrics.request(method, "ok");
    connection.sendText(resultFrame(id, result));
    // The answer to a sign-in comes before every event.
    const { member } = connection;
    if (member !== undefined && !member.ready) member.release();
  }

  #refuse(
    connection: Connection,
    id: number | null,
    method: MethodName | "unknown",
    error: unknown,
  ): void {
    const refusal = this.#toProtocolError(method, error);
    this.#options.metrics.request(method, refusal.errorName);
    this.#options.refused(connection, method, refusal.errorName);
    connection.sendText(errorFrame(id, refusal));
    if (offences.has(refusal.errorName)) connection.offend();
  }

  #toProtocolError(method: string, error: unknown): ProtocolError {
    if (error instanceof ProtocolError) return error;
    this.#options.log.error({ err: error, method }, "a request failed");
    return error instanceof StoreError
      ? new ProtocolError("unavailable", "The server cannot use its storage.", { cause: error })
      : new ProtocolError("internal", "The server failed.", { cause: error });
  }
}

function isOpenMethod(method: MethodName): method is OpenMethod {
  return !methods[method].signedIn;
}
