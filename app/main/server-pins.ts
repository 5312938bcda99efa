import { createHash, X509Certificate } from "node:crypto";

/** Chromium's answers to `setCertificateVerifyProc`: take, refuse, decide by its own rules. */
const TAKE = 0;
const REFUSE = -2;
const BY_THE_RULES = -3;

/** Servers whose pins are kept; the oldest makes way. */
const MAX_SERVERS = 64;

/** The part of Electron's Session that is used. */
export interface VerifyingSession {
  setCertificateVerifyProc(
    verify: (
      request: { readonly hostname: string; readonly certificate: { readonly data: string } },
      callback: (verdict: number) => void,
    ) => void,
  ): void;
}

interface Server {
  readonly pin: string;
  /** The last certificate that it showed was another. */
  refused: boolean;
}

/**
 * Servers that have made their certificates themselves: each is trusted with the one certificate
 * whose fingerprint stands in its invitation links, and with no other, whoever signed it. Chromium
 * tells the host and not the port: of two such servers on one host the one named last counts.
 */
export class ServerPins {
  readonly #session: VerifyingSession;
  readonly #servers = new Map<string, Server>();

  constructor(session: VerifyingSession) {
    this.#session = session;
  }

  /** @param pin SHA-256 of the certificate (DER) in base64url; undefined for the platform's rules */
  set(host: string, pin: string | undefined): void {
    const name = plain(host);
    if (this.#servers.get(name)?.pin === pin) return;
    this.#servers.delete(name);
    if (pin !== undefined) this.#servers.set(name, { pin, refused: false });
    for (const oldest of this.#servers.keys()) {
      if (this.#servers.size <= MAX_SERVERS) break;
      this.#servers.delete(oldest);
    }
    // Chromium remembers verdicts; to set it anew makes it forget them.
    this.#session.setCertificateVerifyProc((request, callback) => callback(this.#verdict(request)));
  }

  /** Has the host shown another certificate than the pinned one? */
  refused(host: string): boolean {
    return this.#servers.get(plain(host))?.refused ?? false;
  }

  #verdict({ hostname, certificate }: Parameters<Verify>[0]): number {
    const server = this.#servers.get(plain(hostname));
    if (server === undefined) return BY_THE_RULES;
    server.refused = fingerprintOf(certificate.data) !== server.pin;
    return server.refused ? REFUSE : TAKE;
  }
}

type Verify = Parameters<VerifyingSession["setCertificateVerifyProc"]>[0];

function plain(host: string): string {
  return host.toLowerCase().replaceAll(/[[\]]/g, "");
}

function fingerprintOf(pem: string): string | undefined {
  try {
    return createHash("sha256").update(new X509Certificate(pem).raw).digest("base64url");
  } catch {
    // No certificate that Node can read: it is not the pinned one.
    return undefined;
  }
}
