import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";
import {
  decodeBase64,
  deviceProofMessage,
  deviceStatement,
  emptyDeviceList,
  encodeBase64,
  extendDeviceList,
  finishLogin,
  finishRegistration,
  identityKeysOf,
  sign,
  startLogin,
  startRegistration,
  type DeviceList,
  type IdentityKeys,
  type KeyStretching,
} from "../../shared/crypto/index.ts";
import {
  decodeChannelData,
  decodeId,
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

export const PASSWORD = "correct horse";

/** What a test's device tells of itself, beside its key. */
export const HELLO: Omit<DeviceHello, "publicKey" | "proof"> = {
  name: "Laptop",
  client: { name: "test", version: "1.0.0" },
  local: [{ address: "192.168.1.20", port: 4000 }],
};

/** The server does not care how dear a guess is; tests do. */
const CHEAP: KeyStretching = { memoryKiB: 8, passes: 1, parallelism: 1 };

export interface SignInOptions {
  readonly password?: string;
  /** The device's; this client's own where absent. */
  readonly keys?: IdentityKeys;
  readonly name?: string;
  /** Of a password that was set by a command, not by a test. */
  readonly dear?: boolean;
}

export function newKeys(): IdentityKeys {
  return identityKeysOf(randomBytes(32));
}

/** The name of the error that a request is refused with. */
export async function errorNameOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
  } catch (error) {
    if (error instanceof ProtocolError) return error.errorName;
    throw error;
  }
  return "granted";
}

/** Of the right form, and never right. */
const WRONG_FINISH = "A".repeat(86);

function bytesOfId(id: string): Uint8Array {
  const bytes = new Uint8Array(16);
  decodeId(id, bytes);
  return bytes;
}

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
  #keys: IdentityKeys | undefined;
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
    await client.register(userName);
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

  /** The keys of the device that this client is, or was last. */
  get keys(): IdentityKeys {
    this.#keys ??= newKeys();
    return this.#keys;
  }

  /** What the device says to that challenge. */
  hello(challenge: string, name = HELLO.name): DeviceHello {
    const proof = sign(this.keys, deviceProofMessage(Buffer.from(challenge, "base64")));
    const publicKey = encodeBase64(this.keys.publicKey);
    return { ...HELLO, name, publicKey, proof: encodeBase64(proof) };
  }

  /** Creates an account and signs in. @throws ProtocolError as the server refused either half */
  async register(
    userName: string,
    options: SignInOptions & { invite?: string; displayName?: string } = {},
  ): Promise<SignedIn> {
    const { password = PASSWORD, keys, name, invite, displayName } = options;
    if (keys !== undefined) this.#keys = keys;
    const start = await startRegistration(password);
    const { userId, response, challenge } = await this.request("account.registerStart", {
      userName,
      request: start.request,
      ...(invite === undefined ? {} : { invite }),
    });
    const { record, passwordKeys } = await finishRegistration(password, start, response, CHEAP);
    const genesis = deviceStatement(
      emptyDeviceList(bytesOfId(userId)),
      this.keys,
      { type: "genesis", subject: this.keys.publicKey, passwordKeys },
      0,
    );
    return this.#signedIn(
      await this.request("account.registerFinish", {
        record,
        device: this.hello(challenge, name),
        statement: encodeBase64(genesis),
        ...(displayName === undefined ? {} : { displayName }),
      }),
    );
  }

  /**
   * By password. A wrong one is sent on, as no client would, for the server to refuse.
   * @throws ProtocolError as the server refused either half
   */
  async signIn(userName: string, options: SignInOptions = {}): Promise<SignedIn> {
    const { password = PASSWORD, keys, name, dear = false } = options;
    if (keys !== undefined) this.#keys = keys;
    const start = await startLogin(password);
    const { response, challenge } = await this.request("session.signInStart", {
      userName,
      request: start.request,
    });
    const login = await (dear
      ? finishLogin(password, start, response)
      : finishLogin(password, start, response, CHEAP));
    return this.#signedIn(
      await this.request("session.signInFinish", {
        finish: login?.finish ?? WRONG_FINISH,
        device: this.hello(challenge, name),
      }),
    );
  }

  /** Comes back as that device. @throws ProtocolError */
  async resume(keys: IdentityKeys): Promise<SignedIn> {
    this.#keys = keys;
    const { challenge } = await this.request("session.challenge", {});
    return this.#signedIn(await this.request("session.prove", { device: this.hello(challenge) }));
  }

  /** @param written how it writes the statement @throws ProtocolError as the server refused either half */
  async changePassword(
    current: string,
    next: string,
    written = (statement: string): string => statement,
  ): Promise<void> {
    const login = await startLogin(current);
    const registration = await startRegistration(next);
    const { response, nextResponse } = await this.request("account.passwordStart", {
      request: login.request,
      nextRequest: registration.request,
    });
    const { record, passwordKeys } = await finishRegistration(
      next,
      registration,
      nextResponse,
      CHEAP,
    );
    const known = await finishLogin(current, login, response, CHEAP);
    const statement = deviceStatement(
      await this.#deviceList(),
      this.keys,
      { type: "password", passwordKeys },
      1,
    );
    await this.request("account.passwordFinish", {
      finish: known?.finish ?? WRONG_FINISH,
      record,
      statement: written(encodeBase64(statement)),
    });
  }

  async #deviceList(): Promise<DeviceList> {
    const { userId } = this;
    const { logs } = await this.request("devices.log", { of: [{ userId, after: 0 }] });
    let list = emptyDeviceList(bytesOfId(userId));
    for (const statement of logs[0]?.statements ?? []) {
      list = extendDeviceList(list, decodeBase64(statement)) ?? list;
    }
    return list;
  }

  #signedIn(session: SignedIn): SignedIn {
    this.#session = session;
    return session;
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
  refusal(method: string, params: unknown): Promise<string> {
    return errorNameOf(this.raw(method, params));
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
