import type {
  EventName,
  EventParams,
  MethodName,
  Params,
  Result,
  SignedIn,
} from "../../protocol/index.ts";
import type { ConnectionState } from "../api.ts";

/**
 * What the rest of the engine sees of the rendezvous server: one logical connection that survives
 * lost sockets by back-off, jitter and session resumption.
 */
export interface ServerConnection {
  readonly state: ConnectionState;

  /**
   * One request. Waits for no connection: while there is none it rejects at once.
   * @throws ProtocolError as the server refused it
   * @throws ChatKitError `server-unreachable` (retryable): no connection, or it was lost before the
   * answer came, so that the request may or may not have taken effect; `closed`
   */
  request<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;

  /** Something else says that the connection may be dead: it is asked for a sign of life. */
  suspect(): void;

  /** Sends a relay frame (channel header added here); false while there is no connection. */
  sendChannelData(channel: number, payload: Uint8Array): boolean;
  /** Bytes in the socket's own buffer. */
  readonly bufferedAmount: number;

  /** Returns the function that ends the subscription. */
  onState(handler: (state: ConnectionState) => void): () => void;
  /** Signed in or resumed, with the fresh roster; comes before any event of that connection. */
  onSession(handler: (session: SignedIn) => void): () => void;
  onEvent<E extends EventName>(event: E, handler: (params: EventParams<E>) => void): () => void;
  onChannelData(handler: (channel: number, payload: Uint8Array) => void): () => void;
}
