import { getCACertificates } from "node:tls";
import { WebSocket, type ClientOptions, type RawData } from "ws";
import type {
  Log,
  Socket,
  SocketConnector,
  SocketHandlers,
} from "../../../shared/chatkit/ports.ts";
import { limits, TLS_HANDSHAKE_FAILED } from "../../../shared/protocol/index.ts";
import { PinnedAgent, WrongCertificate } from "./pinned-agent.ts";
import { ABNORMAL_CLOSURE, unopenedSocket } from "../../peer/unopened-socket.ts";

export interface TlsOptions {
  /** Certificates (PEM) to trust beside the system's, e.g. of a server's own authority. */
  readonly ca?: readonly string[];
}

/** No close frame came back (RFC 6455 §7.1.1): the other side is gone or stuck. */
const CLOSE_TIMEOUT_MS = 2_000;

/** An option of `ws` since 8.19 that its types do not know yet. */
interface Options extends ClientOptions {
  readonly closeTimeout: number;
}

/** WebSockets by `ws`. A connection that failed closes with 1006 and, as reason, what went wrong. */
export function createWsConnector(log: Log, tls: TlsOptions = {}): SocketConnector {
  const options: Options = {
    // Sealed bytes do not compress, and compressing text beside secrets tells about them.
    perMessageDeflate: false,
    maxPayload: limits.MAX_TEXT_FRAME_BYTES,
    followRedirects: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    ...(tls.ca === undefined ? {} : { ca: [...getCACertificates("default"), ...tls.ca] }),
  };
  return {
    connect(url, subprotocol, handlers, pin) {
      // An agent for https refuses plain `ws:`, where there is no certificate to check.
      const pinned = pin === undefined ? options : { ...options, agent: new PinnedAgent(pin) };
      try {
        return new WsSocket(new WebSocket(url, subprotocol, pinned), handlers, log);
      } catch (error) {
        // An address that is none: `ws` throws, the port tells it like any other failure.
        return unopenedSocket(handlers, textOf(error));
      }
    },
  };
}

class WsSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #log: Log;

  constructor(socket: WebSocket, handlers: SocketHandlers, log: Log) {
    this.#socket = socket;
    this.#log = log;
    let failure = "";
    let wrongCertificate = false;
    socket.on("open", () => handlers.onOpen());
    socket.on("message", (data, isBinary) => {
      // `close` may have been called by an earlier frame of the same packet.
      if (socket.readyState !== WebSocket.OPEN) return;
      const bytes = bytesOf(data);
      if (isBinary) handlers.onBinary(bytes);
      else handlers.onText(decoder.decode(bytes));
    });
    socket.on("error", (error) => {
      failure = textOf(error);
      wrongCertificate = error instanceof WrongCertificate;
      log.debug("socket failed", { error: failure });
    });
    socket.on("close", (code, reason) => {
      const text = decoder.decode(reason);
      const told = text === "" && code === ABNORMAL_CLOSURE ? failure : text;
      handlers.onClose(wrongCertificate ? TLS_HANDSHAKE_FAILED : code, told);
    });
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data, (error) => {
      // The close that follows tells the engine; this tells the log why.
      if (error) this.#log.debug("socket send failed", { error: textOf(error) });
    });
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }
}

// Keeps a byte order mark: it belongs to the text. Not fatal: `ws` has checked the UTF-8 already.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The cause's text where the error itself has none: several addresses that all refused. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map((each) => textOf(each)).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}
