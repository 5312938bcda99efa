import { parseRequestFrame, parseServerFrame } from "../../shared/protocol/index.ts";
import type { Socket, SocketConnector } from "../../shared/chatkit/ports.ts";

/** `lost`: the connection breaks before the request leaves; `answer-lost`: just before its answer. */
export type Fate = "lost" | "answer-lost";

export interface Accident {
  /** A request by its method and how often this device had made it, e.g. `session.prove#1`. */
  readonly step: string;
  readonly fate: Fate;
}

/** Connections that break once, at a step of a handshake; and the steps that were taken. */
export class AccidentSockets implements SocketConnector {
  readonly steps = new Set<string>();
  /** The accident came about. */
  happened = false;
  readonly #inner: SocketConnector;
  readonly #accident: Accident | undefined;
  readonly #counts = new Map<string, number>();

  constructor(inner: SocketConnector, accident: Accident | undefined) {
    this.#inner = inner;
    this.#accident = accident;
  }

  connect(...[url, subprotocol, handlers, pin]: Parameters<SocketConnector["connect"]>): Socket {
    /** The request whose answer breaks the connection. */
    let awaited: number | undefined;
    let broken = false;
    const socket = this.#inner.connect(
      url,
      subprotocol,
      {
        onOpen: () => handlers.onOpen(),
        onText: (text) => {
          if (broken) return;
          if (awaited !== undefined && idOfAnswer(text) === awaited) {
            broken = true;
            this.happened = true;
            socket.close();
            return;
          }
          handlers.onText(text);
        },
        onBinary: (bytes) => {
          if (!broken) handlers.onBinary(bytes);
        },
        onClose: (code, reason) => handlers.onClose(broken ? 1006 : code, reason),
      },
      pin,
    );
    return {
      send: (data) => {
        if (broken) return;
        if (typeof data === "string") {
          const { id, fate } = this.#fateOf(data);
          if (fate === "answer-lost") awaited = id;
          if (fate === "lost") {
            broken = true;
            this.happened = true;
            socket.close();
            return;
          }
        }
        socket.send(data);
      },
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
      close: (code, reason) => socket.close(code, reason),
    };
  }

  #fateOf(text: string): { readonly id: number; readonly fate: Fate | undefined } {
    const { id, method } = parseRequestFrame(text);
    const count = (this.#counts.get(method) ?? 0) + 1;
    this.#counts.set(method, count);
    const step = `${method}#${count}`;
    this.steps.add(step);
    return { id, fate: step === this.#accident?.step ? this.#accident.fate : undefined };
  }
}

function idOfAnswer(text: string): number | undefined {
  const frame = parseServerFrame(text);
  return frame.kind === "event" || frame.id === null ? undefined : frame.id;
}
