import {
  closeCodes,
  ProtocolError,
  type EventName,
  type EventParams,
  type MethodName,
  type Params,
  type Result,
  type SignedIn,
} from "../../protocol/index.ts";
import { ChatKitError, type ConnectionState, type SignedOutReason } from "../api.ts";
import { assertNever } from "../assert-never.ts";
import { CONNECT_TIMEOUT_MS, RECONNECT_MAX_MS, RECONNECT_MIN_MS } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { backOffMs } from "./back-off.ts";
import { EventListeners } from "./event-listeners.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Listeners } from "./listeners.ts";
import type { Login, Phase } from "./phase.ts";
import { errorOfClose, pauseAfterClose, signedOutByClose, signedOutByRefusal } from "./outcomes.ts";
import { RpcSocket, unreachable, type Answer } from "./rpc-socket.ts";
import type { ServerConnection } from "./server-connection.ts";
import { byKey, callLast, type Hello, type SignIn } from "./sign-in.ts";

export interface ConnectionOptions {
  /** `ServerAddress.webSocketUrl`. */
  readonly url: string;
  readonly ports: Pick<Ports, "clock" | "random" | "sockets" | "log">;
  /** What this device tells of itself; asked anew at every sign-in, for its addresses change. */
  readonly hello: Hello;
  /** Looks at a session before anybody sees it. @throws ProtocolError where it is not taken */
  readonly check?: (session: SignedIn, by: Login["by"]) => void;
  /** The server broke the protocol; the connection goes on, or ends by itself. */
  readonly onProtocolError?: (error: ProtocolError) => void;
  /** Somebody else answered in the server's place; it is tried again. */
  readonly onWrongCertificate?: (error: Error) => void;
}

/** A connection that lasted this long was a good one: the next loss starts the back-off anew. */
const STABLE_MS = 10_000;

/** A server that is gone does not answer the close either: do not wait longer for it. */
const CLOSE_WAIT_MS = 2_000;

/**
 * The one logical connection to the rendezvous server. Lives on monotonic time alone, so a wall
 * clock that jumps changes nothing; `retryAt` is for showing.
 */
export class Connection implements ServerConnection, AsyncDisposable {
  readonly #options: ConnectionOptions;
  readonly #stateListeners: Listeners<[ConnectionState]>;
  readonly #sessionListeners: Listeners<[SignedIn]>;
  readonly #channelListeners: Listeners<[number, Uint8Array]>;
  readonly #eventListeners: EventListeners;
  #phase: Phase = { name: "idle" };
  #state: ConnectionState = { state: "idle" };
  /** Attempts since the last good connection. */
  #attempt = 0;
  /** Sockets that were asked to close and have not said so yet. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { log } = options.ports;
    this.#stateListeners = new Listeners(log);
    this.#sessionListeners = new Listeners(log);
    this.#channelListeners = new Listeners(log);
    this.#eventListeners = new EventListeners(log);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get bufferedAmount(): number {
    return this.#phase.name === "online" ? this.#phase.rpc.bufferedAmount : 0;
  }

  /**
   * Signs in or registers, in one attempt. From then on this device comes back by itself, by its
   * key, whenever the connection is lost.
   * @throws ProtocolError as the server refused it
   * @throws ChatKitError `server-unreachable`, `wrong-certificate`, `already-open`, `closed`
   */
  open(signIn: SignIn): Promise<SignedIn> {
    return new Promise((resolve, reject) => {
      const error = this.#whyNotStart();
      if (error === undefined) this.#start({ by: "person", signIn, resolve, reject });
      else reject(error);
    });
  }

  /**
   * Takes up this device's session in the background, for as long as it takes; `onSession` and
   * `onState` tell what comes of it.
   * @throws ChatKitError `already-open`, `closed`
   */
  resume(): void {
    const error = this.#whyNotStart();
    if (error !== undefined) throw error;
    this.#start({ by: "key" });
  }

  /** Tries now instead of at the end of the back-off; asks an open connection whether it lives. */
  reconnectNow(): void {
    if (this.#phase.name === "waiting") {
      this.#phase.timer.cancel();
      this.#start({ by: "key" });
    } else if (this.#phase.name === "online") {
      this.#phase.heartbeat.probe();
    }
  }

  /** Something else says that the connection may be dead: asks it, and does not wait long. */
  suspect(): void {
    if (this.#phase.name === "online") this.#phase.heartbeat.suspect();
  }

  /** This host has other addresses: what waits tries again, and what hangs on an old one begins anew. */
  networkChanged(): void {
    const phase = this.#phase;
    if (phase.name === "connecting" && phase.login.by === "key") {
      this.#leave({ name: "idle" }, unreachable("This host has other addresses."));
      this.#start(phase.login);
    } else if (phase.name === "waiting") {
      this.reconnectNow();
    } else {
      this.suspect();
    }
  }

  /**
   * Ends the session at the server where it can be reached, and the connection in any case. The
   * connection can be opened again.
   */
  async signOut(options: { readonly forgetDevice: boolean }): Promise<void> {
    if (this.#phase.name === "online") {
      try {
        await this.#phase.rpc.request("session.signOut", options);
      } catch (error) {
        this.#options.ports.log.warn("the server was not told of the sign-out", { error });
      }
    }
    if (this.#phase.name !== "closed") this.#signedOut("by-user");
  }

  /** Ends it for good and waits, for a short time, until the socket has gone. Idempotent. */
  async close(): Promise<void> {
    if (this.#phase.name !== "closed") {
      const closed = new ChatKitError("closed", "The connection was closed.");
      this.#leave({ name: "closed" }, closed);
      this.#setState({ state: "idle" });
    }
    if (this.#leaving.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.ports.clock.setTimer(resolve, CLOSE_WAIT_MS);
      void Promise.all(this.#leaving).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.#phase.name === "online") return this.#phase.rpc.request(method, params);
    return Promise.reject(
      this.#phase.name === "closed"
        ? new ChatKitError("closed", "The connection is closed.")
        : unreachable("There is no connection to the server."),
    );
  }

  sendChannelData(channel: number, payload: Uint8Array): boolean {
    return this.#phase.name === "online" && this.#phase.rpc.sendChannelData(channel, payload);
  }

  onState(handler: (state: ConnectionState) => void): () => void {
    return this.#stateListeners.add(handler);
  }

  onSession(handler: (session: SignedIn) => void): () => void {
    return this.#sessionListeners.add(handler);
  }

  onEvent<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): () => void {
    return this.#eventListeners.add(event, handler);
  }

  onChannelData(handler: (channel: number, payload: Uint8Array) => void): () => void {
    return this.#channelListeners.add(handler);
  }

  #whyNotStart(): ChatKitError | undefined {
    if (this.#phase.name === "idle") return undefined;
    return this.#phase.name === "closed"
      ? new ChatKitError("closed", "The connection is closed.")
      : new ChatKitError("already-open", "The connection is open already.");
  }

  #start(login: Login): void {
    this.#attempt += 1;
    const { ports, url } = this.#options;
    const rpc: RpcSocket = new RpcSocket(url, ports, {
      onOpen: () => this.#authenticate(rpc, login),
      onClose: (code, reason) => this.#onClose(rpc, code, reason),
      onQuiet: () => {
        this.#online(rpc)?.heartbeat.suspect();
      },
      onTimeout: () => {
        this.#online(rpc)?.heartbeat.probe();
      },
      onProtocolError: (error) => {
        ports.log.warn("the server broke the protocol", { error });
        this.#options.onProtocolError?.(error);
      },
      // What comes before the session is older than the roster that the session brings.
      onEvent: (event, params) => {
        if (this.#online(rpc) !== undefined) this.#eventListeners.emit(event, params);
      },
      onChannelData: (channel, payload) => {
        if (this.#online(rpc) !== undefined) this.#channelListeners.emit(channel, payload);
      },
    });
    const deadline = ports.clock.setTimer(() => {
      rpc.abort(closeCodes.normal, "the server did not answer in time");
    }, CONNECT_TIMEOUT_MS);
    this.#phase = { name: "connecting", rpc, login, deadline };
    this.#setState({ state: "connecting", attempt: this.#attempt });
  }

  #authenticate(rpc: RpcSocket, login: Login): void {
    const signIn = login.by === "key" ? byKey(this.#options.hello) : login.signIn;
    const answer: Answer<SignedIn> = {
      resolve: (session) => {
        try {
          this.#options.check?.(session, login.by);
        } catch (error) {
          return answer.reject(error instanceof Error ? error : new Error(String(error)));
        }
        this.#signedIn(rpc, session);
      },
      reject: (error) => this.#refused(rpc, error),
    };
    signIn((method, params) => rpc.request(method, params)).then(
      // Where the socket has gone meanwhile this is refused at once, and nobody waits for it.
      (last) => callLast(rpc, last, answer),
      (error: unknown) => {
        answer.reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  #signedIn(rpc: RpcSocket, session: SignedIn): void {
    if (this.#phase.name !== "connecting" || this.#phase.rpc !== rpc) return;
    const { deadline, login } = this.#phase;
    const { clock } = this.#options.ports;
    deadline.cancel();
    const heartbeat = new Heartbeat(rpc, clock, () => {
      rpc.abort(closeCodes.unresponsive, "the server does not answer");
    });
    this.#phase = {
      name: "online",
      rpc,
      heartbeat,
      since: clock.monotonic(),
    };
    this.#sessionListeners.emit(session);
    if (this.#online(rpc) !== undefined) {
      this.#setState({ state: "online", server: session.server });
    }
    if (login.by === "person") login.resolve(session);
  }

  #refused(rpc: RpcSocket, error: Error): void {
    // A lost connection is told by `onClose`.
    if (error instanceof ChatKitError) return;
    if (this.#phase.name !== "connecting" || this.#phase.rpc !== rpc) return;
    const { login } = this.#phase;
    const refusal = error instanceof ProtocolError ? error : undefined;
    const reason = refusal && signedOutByRefusal(refusal.errorName);
    if (login.by === "person") {
      this.#leave({ name: "idle" }, error);
      this.#attempt = 0;
      this.#setState({ state: "idle" });
    } else if (reason === undefined) {
      this.#options.ports.log.warn("this device could not come back", { error });
      this.#leave({ name: "idle" }, error);
      this.#wait(refusal?.retryAfterMs ?? 0);
    } else {
      this.#signedOut(reason);
    }
  }

  #onClose(rpc: RpcSocket, code: number, reason: string): void {
    const phase = this.#phase;
    if ((phase.name !== "connecting" && phase.name !== "online") || phase.rpc !== rpc) return;
    this.#options.ports.log.info("connection to the server lost", { code, reason });
    const error = errorOfClose(code, reason);
    if (error.reason === "wrong-certificate") this.#options.onWrongCertificate?.(error);
    const signedOut = signedOutByClose(code);
    if (signedOut !== undefined) return this.#signedOut(signedOut, error);
    this.#leave({ name: "idle" }, error);
    if (phase.name === "online") {
      const lastedMs = this.#options.ports.clock.monotonic() - phase.since;
      if (lastedMs >= STABLE_MS) this.#attempt = 0;
      this.#wait(pauseAfterClose(code));
    } else if (phase.login.by === "key") {
      this.#wait(pauseAfterClose(code));
    } else {
      this.#attempt = 0;
      this.#setState({ state: "idle" });
    }
  }

  #wait(pauseMs: number): void {
    const { clock, random } = this.#options.ports;
    const bounds = { min: RECONNECT_MIN_MS, max: RECONNECT_MAX_MS };
    const delay = pauseMs + backOffMs(random, this.#attempt, bounds);
    const timer = clock.setTimer(() => this.#start({ by: "key" }), delay);
    this.#phase = { name: "waiting", timer };
    this.#setState({
      state: "waiting",
      attempt: this.#attempt,
      retryAt: clock.now() + Math.ceil(delay),
    });
  }

  #signedOut(
    reason: SignedOutReason,
    error: Error = new ChatKitError("closed", "The session has ended."),
  ): void {
    this.#leave({ name: "idle" }, error);
    this.#attempt = 0;
    this.#setState({ state: "signed-out", reason });
  }

  /** Leaves the present phase and lets go of what it held. */
  #leave(next: Phase, error: Error): void {
    const phase = this.#phase;
    this.#phase = next;
    switch (phase.name) {
      case "connecting":
        phase.deadline.cancel();
        this.#end(phase.rpc, error);
        if (phase.login.by === "person") phase.login.reject(error);
        return;
      case "online":
        phase.heartbeat.stop();
        return this.#end(phase.rpc, error);
      case "waiting":
        return phase.timer.cancel();
      case "idle":
      case "closed":
        return;
      default:
        assertNever(phase);
    }
  }

  #end(rpc: RpcSocket, error: Error): void {
    const gone = rpc.end(closeCodes.normal, error);
    this.#leaving.add(gone);
    void gone.then(() => this.#leaving.delete(gone));
  }

  #online(rpc: RpcSocket): Extract<Phase, { name: "online" }> | undefined {
    return this.#phase.name === "online" && this.#phase.rpc === rpc ? this.#phase : undefined;
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#stateListeners.emit(state);
  }
}
