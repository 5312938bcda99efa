import { createHash, X509Certificate } from "node:crypto";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext } from "node:tls";
import { OperatorError } from "../config/operator-error.ts";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface TlsPair {
  /** PEM: the certificate, then those that lead to its issuer. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How often the files are looked at: renewals need no restart. */
const CHECK_MS = 60_000;

/** @throws OperatorError where they cannot be read, or are no pair */
export function readTls({ cert, key }: TlsFiles): TlsPair {
  try {
    const pair = { cert: readFileSync(cert), key: readFileSync(key) };
    // Throws for what is no certificate, no key, or not a pair.
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new OperatorError(`The certificate ${cert} and the key ${key} cannot be used.`, {
      cause: error,
      exitCode: 2,
    });
  }
}

/** What clients pin: SHA-256 of the certificate's DER, base64url without padding. */
export function fingerprintOf(cert: Buffer | string): string {
  return createHash("sha256").update(new X509Certificate(cert).raw).digest("base64url");
}

/**
 * Reads the files again whenever one of them changes and at SIGHUP, and hands out what can be used.
 * The two are not replaced in one step: while they are no pair, the former pair stays in use.
 */
export function watchTls(
  files: TlsFiles,
  renewed: (pair: TlsPair) => void,
  onWarning: (message: string) => void,
  intervalMs = CHECK_MS,
): Disposable {
  const renew = (): void => {
    try {
      renewed(readTls(files));
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      onWarning(`${error.message} The former certificate stays in use.`);
    }
  };
  for (const file of [files.cert, files.key]) {
    watchFile(file, { interval: intervalMs, persistent: false }, renew);
  }
  process.on("SIGHUP", renew);
  return {
    [Symbol.dispose]() {
      for (const file of [files.cert, files.key]) unwatchFile(file, renew);
      process.off("SIGHUP", renew);
    },
  };
}
