import { randomBytes, webcrypto } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { isIP } from "node:net";
import { dirname, join } from "node:path";
import { createSecureContext } from "node:tls";
import { OperatorError } from "../config/operator-error.ts";
import type { TlsPair } from "./certificate.ts";

const YEARS = 10;
/** A machine whose clock is behind shall not find the certificate to be of the future. */
const BACKDATED_MS = 24 * 60 * 60 * 1000;
/** A certificate with more names than this helps nobody; a machine may have many addresses. */
const MAX_NAMES = 64;

/** Key and certificate in one file, so that they are always a pair. */
export function ownCertificateFile(dataFolder: string): string {
  return join(dataFolder, "certificate.pem");
}

/**
 * The server's own certificate, made at the first call and the same ever after: invitation links
 * carry its fingerprint. Also for commands beside a server: whoever comes first makes it.
 * @throws OperatorError where the file cannot be read, written or used
 */
export async function ownCertificate(
  dataFolder: string,
  names: readonly string[] = [],
): Promise<TlsPair> {
  const file = ownCertificateFile(dataFolder);
  if (!existsSync(file)) {
    const pem = await makeCertificate([...names, ...machineNames()]);
    try {
      keep(file, pem);
    } catch (error) {
      throw new OperatorError(`The certificate ${file} cannot be written.`, { cause: error });
    }
  }
  return readOwn(file);
}

/** As `ownCertificate`, but makes none. */
export function existingOwnCertificate(dataFolder: string): TlsPair | undefined {
  const file = ownCertificateFile(dataFolder);
  return existsSync(file) ? readOwn(file) : undefined;
}

function readOwn(file: string): TlsPair {
  try {
    const pem = readFileSync(file);
    const pair = { cert: pem, key: pem };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new OperatorError(
      `The server's own certificate ${file} cannot be used. Restore it from a backup; without it, ` +
        "remove the file to have a new one, and make new invitation links.",
      { cause: error },
    );
  }
}

/** Whole or not at all, for its owner only; one that another process has made meanwhile stays. */
function keep(file: string, pem: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(partial, pem, { mode: 0o600, flag: "wx", flush: true });
    // A link, for it replaces nothing; where the file system has none, the last one wins.
    try {
      linkSync(partial, file);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") renameSync(partial, file);
    }
  } finally {
    rmSync(partial, { force: true });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** ECDSA P-256 (RFC 5480), self-signed, PEM with its key. */
async function makeCertificate(names: readonly string[]): Promise<string> {
  // Loaded only where a certificate is made; the library wants the first of the two in place.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const notBefore = new Date(Date.now() - BACKDATED_MS);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS);
  const alternatives = [...new Set(names)].slice(0, MAX_NAMES);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      // Positive, as RFC 5280 §4.1.2.2 demands: the first bit is not set.
      serialNumber: `01${randomBytes(15).toString("hex")}`,
      name: [{ CN: ["Beeline rendezvous server"] }],
      notBefore,
      notAfter,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          alternatives.map((name) => ({ type: isIP(name) === 0 ? "dns" : "ip", value: name })),
        ),
      ],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n${certificate.toString("pem")}\n`;
}

/** How this machine may be called. Pinning does not look at names; browsers do. */
function machineNames(): readonly string[] {
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, "-");
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    // A link-local address means something only together with a zone.
    .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
    .map(({ address }) => address);
  const names = host === "" ? [] : [host, ...(host.includes(".") ? [] : [`${host}.local`])];
  return ["localhost", "127.0.0.1", "::1", ...names, ...addresses];
}
