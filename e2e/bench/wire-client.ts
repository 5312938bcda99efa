import { once } from "node:events";
import * as v from "valibot";
import { WebSocket } from "ws";
import {
  decodeBase64,
  deviceProofMessage,
  encodeBase64,
  identityKeysOf,
  sign,
  type IdentityKeys,
  type KeyStretching,
} from "../../shared/crypto/index.ts";
import {
  type DeviceHello,
  type EventName,
  type EventParams,
  events,
  DeviceId,
  type MethodName,
  methods,
  type Params,
  parse,
  parseServerFrame,
  requestFrame,
  type Result,
  SUBPROTOCOL,
  UserId,
  WEBSOCKET_PATH,
} from "../../shared/protocol/index.ts";

/** An account that the bench wrote into the store, with its device's secret key, base64. */
export const Seeded = v.object({ userId: UserId, deviceId: DeviceId, secretKey: v.string() });
export type Seeded = v.InferOutput<typeof Seeded>;

/** The server does not care what a guess costs, and the bench measures the server. */
export const CHEAP_STRETCHING: KeyStretching = { memoryKiB: 8, passes: 1, parallelism: 1 };

/** What a device of the bench says to that challenge. */
export function benchHello(keys: IdentityKeys, challenge: string): DeviceHello {
  return {
    name: "bench",
    publicKey: encodeBase64(keys.publicKey),
    proof: encodeBase64(sign(keys, deviceProofMessage(decodeBase64(challenge)))),
    client: { name: "beeline-bench", version: "0.1.0" },
    local: [],
  };
}

/** The wire protocol and nothing above it: cheap enough to play a crowd. */
export class WireClient {
  readonly socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #handlers = new Map<string, (params: unknown) => void>();
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      if (!isBinary) this.#receive(data.toString());
    });
    socket.on("close", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`closed with ${code}`));
    });
  }

  static async connect(address: string): Promise<WireClient> {
    const url = `${address.replace("http", "ws")}${WEBSOCKET_PATH}`;
    const socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false });
    const client = new WireClient(socket);
    await once(socket, "open");
    return client;
  }

  static async resume(
    address: string,
    { secretKey }: Pick<Seeded, "secretKey">,
  ): Promise<WireClient> {
    const client = await WireClient.connect(address);
    const { challenge } = await client.request("session.challenge", {});
    const device = benchHello(identityKeysOf(decodeBase64(secretKey)), challenge);
    await client.request("session.prove", { device });
    return client;
  }

  async request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.socket.send(requestFrame(id, method, params));
    return parse<(typeof methods)[M]["result"]>(methods[method].result, await answer.promise);
  }

  on<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): void {
    this.#handlers.set(event, (params) => {
      handler(parse<(typeof events)[E]>(events[event], params));
    });
  }

  #receive(text: string): void {
    const frame = parseServerFrame(text);
    if (frame.kind === "event") {
      this.#handlers.get(frame.method)?.(frame.params);
      return;
    }
    if (frame.id === null) return;
    const waiting = this.#waiting.get(frame.id);
    this.#waiting.delete(frame.id);
    if (frame.kind === "result") waiting?.resolve(frame.result);
    else waiting?.reject(frame.error);
  }
}
