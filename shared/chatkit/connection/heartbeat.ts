import { limits } from "../../protocol/index.ts";
import type { Clock, Timer } from "../ports.ts";
import type { RpcSocket } from "./rpc-socket.ts";

/** Nothing at all came back for this long after a ping: the socket is dead, whatever TCP thinks. */
export const PING_TIMEOUT_MS = 8_000;

/** Pings an idle connection and notices one that is open on one side only. */
export class Heartbeat {
  readonly #rpc: RpcSocket;
  readonly #clock: Clock;
  readonly #onDead: () => void;
  #timer: Timer;
  #probing = false;

  constructor(rpc: RpcSocket, clock: Clock, onDead: () => void) {
    this.#rpc = rpc;
    this.#clock = clock;
    this.#onDead = onDead;
    this.#timer = clock.setTimer(() => this.#check(), limits.HEARTBEAT_MS);
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** Asks for a proof of life now: after a request without an answer, after sleep. */
  probe(): void {
    if (this.#probing) return;
    this.#timer.cancel();
    this.#ping();
  }

  #check(): void {
    const idle = this.#clock.monotonic() - this.#rpc.idleSince;
    if (idle < limits.HEARTBEAT_MS) this.#wait(limits.HEARTBEAT_MS - idle);
    else this.#ping();
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimer(() => this.#check(), ms);
  }

  #ping(): void {
    this.#probing = true;
    const before = this.#rpc.received;
    // Any frame proves life; the answer itself, or its refusal, says nothing more.
    const answered = { resolve: () => {}, reject: () => {} };
    this.#timer = this.#clock.setTimer(() => {
      this.#probing = false;
      if (this.#rpc.received > before) this.#check();
      else this.#onDead();
    }, PING_TIMEOUT_MS);
    this.#rpc.call("session.ping", {}, answered);
  }
}
