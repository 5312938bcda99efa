import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";
import {
  decodeChannelData,
  encodeChannelData,
  events,
  methods,
  parse,
  parseServerFrame,
  ProtocolError,
  requestFrame,
  SUBPROTOCOL,
  WEBSOCKET_PATH,
  type DeviceHello,
  type EventName,
  type EventParams,
  type MethodName,
  type Params,
  type Result,
  type ServerFrame,
  type SignedIn,
} from "../../shared/protocol/index.ts";

export const PASSWORD = { type: "password", password: "correct horse" } as const;

export const HELLO: DeviceHello = {
  name: "Laptop",
  publicKey: Buffer.alloc(32, 7).toString("base64"),
  client: { name: "test", version: "1.0.0" },
  local: [{ address: "192.168.1.20", port: 4000 }],
};

/** Takes what comes in order, and lets a test wait for what it expects. */
class Inbox<T> {
  readonly #items: T[] = [];
  #changed = Promise.withResolvers<void>();

  push(item: T): void {
    this.#items.push(item);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Takes the first that fits, now or when it comes. */
  async take<U extends T>(fits: (item: T) => item is U): Promise<U> {
    for (;;) {
      const index = this.#items.findIndex(fits);
      const item = this.#items[index];
      if (item !== undefined && fits(item)) {
        this.#items.splice(index, 1);
        return item;
      }
      await this.#changed.promise;
    }
  }

  all(): readonly T[] {
    return this.#items;
  }
}

type EventItem = Extract<ServerFrame, { kind: "event" }>;

/** A client that says what the test wants, right or wrong. */
export class TestClient implements AsyncDisposable {
  readonly ws: WebSocket;
  /** The code the connection was closed with. */
  readonly closed: Promise<number>;
  readonly #events = new Inbox<EventItem>();
  readonly #errors = new Inbox<ProtocolError>();
  readonly #channelData = new Inbox<{ channel: number; payload: Uint8Array }>();
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 1;
  #session: SignedIn | undefined;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    this.closed = new Promise((resolve) => ws.once("close", resolve));
    ws.on("error", () => undefined);
    ws.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) throw new TypeError("not a Buffer");
      if (isBinary) this.#receiveBinary(data);
      else this.#receive(parseServerFrame(data.toString()));
    });
    ws.once("close", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`closed with ${code}`));
    });
  }

  /** @throws where the server refuses the upgrade */
  static async connect(
    port: number,
    options: ClientOptions & { subprotocol?: string } = {},
  ): Promise<TestClient> {
    const { subprotocol = SUBPROTOCOL, ...rest } = options;
    const url = `ws://127.0.0.1:${port}${WEBSOCKET_PATH}`;
    const client = new TestClient(new WebSocket(url, [subprotocol], rest));
    await once(client.ws, "open");
    return client;
  }

  /** Connects with a new account. */
  static async register(port: number, userName: string): Promise<TestClient> {
    const client = await TestClient.connect(port);
    await client.signIn("account.register", { userName, credential: PASSWORD, device: HELLO });
    return client;
  }

  get session(): SignedIn {
    if (this.#session === undefined) throw new Error("not signed in");
    return this.#session;
  }

  get userId(): SignedIn["profile"]["userId"] {
    return this.session.profile.userId;
  }

  get deviceId(): SignedIn["deviceId"] {
    return this.session.deviceId;
  }

  async signIn<M extends "account.register" | "session.signIn" | "session.resume">(
    method: M,
    params: Params<M>,
  ): Promise<SignedIn> {
    this.#session = parse(methods["session.signIn"].result, await this.raw(method, params));
    return this.#session;
  }

  async request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    return parse(methods[method].result, await this.raw(method, params));
  }

  /** A request whose parameters and result nobody checks. */
  raw(method: string, params: unknown): Promise<unknown> {
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.ws.send(requestFrame(id, method, params));
    return waiting.promise;
  }

  /** The name of the error that a request is refused with. */
  async refusal(method: string, params: unknown): Promise<string> {
    try {
      await this.raw(method, params);
    } catch (error) {
      if (error instanceof ProtocolError) return error.errorName;
      throw error;
    }
    return "granted";
  }

  /** The next event of this name that nobody took yet. */
  async event<E extends EventName>(
    name: E,
    fits: (params: EventParams<E>) => boolean = () => true,
  ): Promise<EventParams<E>> {
    const read = (item: EventItem): EventParams<E> => parse(events[name], item.params);
    const item = await this.#events.take((item): item is EventItem => {
      return item.method === name && fits(read(item));
    });
    return read(item);
  }

  /** The names of the events that nobody took. */
  eventNames(): readonly string[] {
    return this.#events.all().map(({ method }) => method);
  }

  /** The next error that answers no request. */
  async error(): Promise<ProtocolError> {
    return this.#errors.take((error): error is ProtocolError => error instanceof ProtocolError);
  }

  sendChannelData(channel: number, payload: Uint8Array): void {
    this.ws.send(encodeChannelData(channel, payload));
  }

  async channelData(): Promise<{ channel: number; payload: Uint8Array }> {
    return this.#channelData.take((item): item is typeof item => item.channel > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ws.terminate();
    await this.closed;
  }

  #receive(frame: ServerFrame): void {
    if (frame.kind === "event") {
      this.#events.push(frame);
      return;
    }
    if (frame.kind === "error" && frame.id === null) {
      this.#errors.push(frame.error);
      return;
    }
    if (frame.id === null) return;
    const waiting = this.#waiting.get(frame.id);
    this.#waiting.delete(frame.id);
    if (frame.kind === "result") waiting?.resolve(frame.result);
    else waiting?.reject(frame.error);
  }

  #receiveBinary(data: Buffer): void {
    const decoded = decodeChannelData(data);
    if (decoded !== undefined) this.#channelData.push(decoded);
  }
}
