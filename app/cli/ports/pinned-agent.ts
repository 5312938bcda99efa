import { createHash, timingSafeEqual } from "node:crypto";
import type { ClientRequestArgs } from "node:http";
import { Agent } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";

/** The server showed another certificate than the pinned one. */
export class WrongCertificate extends Error {
  override readonly name = "WrongCertificate";
}

type Created = (error: Error | null, stream: Duplex) => void;

/**
 * Connects to servers whose certificate is known by its SHA-256 (DER, 32 bytes), whoever signed it
 * and whatever names are in it. A connection is handed out once that was checked: nothing was sent
 * on it before.
 */
export class PinnedAgent extends Agent {
  readonly #pin: Uint8Array;

  constructor(pin: Uint8Array) {
    super({ keepAlive: false });
    this.#pin = pin;
  }

  override createConnection({ host, port }: ClientRequestArgs, created?: Created): undefined {
    const socket = connect({
      host: host ?? "localhost",
      port: Number(port),
      // RFC 6066 §3: an address is no server name.
      servername: isIP(host ?? "") === 0 ? (host ?? "") : "",
      // The pin is what is trusted, and nothing beside it.
      rejectUnauthorized: false,
    });
    const failed = (error: Error): void => created?.(error, socket);
    socket.once("error", failed);
    socket.once("secureConnect", () => {
      const shown = createHash("sha256").update(socket.getPeerCertificate().raw).digest();
      if (shown.length === this.#pin.length && timingSafeEqual(shown, this.#pin)) {
        socket.off("error", failed);
        created?.(null, socket);
      } else {
        socket.destroy(new WrongCertificate(WRONG));
      }
    });
    return undefined;
  }
}

const WRONG =
  "The server's certificate is not the one that the invitation link names: somebody may be in " +
  "between, or the server was set up anew and there is a new link.";
