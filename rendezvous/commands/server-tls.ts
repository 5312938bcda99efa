import { resolve } from "node:path";
import { fingerprintOf, readTls, type TlsFiles, type TlsPair } from "../http/certificate.ts";
import { existingOwnCertificate, ownCertificate } from "../http/own-certificate.ts";
import type { Settings } from "../config/settings.ts";

/** How the server speaks TLS. */
export interface ServerTls {
  readonly pair: TlsPair;
  /** Where an administrator gave the certificate; absent where it is the server's own. */
  readonly files?: TlsFiles;
}

/**
 * The certificate given by the settings, else the server's own, made where it is missing.
 * Undefined where TLS is off.
 * @throws OperatorError
 */
export async function serverTls(settings: Settings): Promise<ServerTls | undefined> {
  if (settings.tls === "off") return undefined;
  const files = tlsFiles(settings);
  if (files !== undefined) return { pair: readTls(files), files };
  return { pair: await ownCertificate(resolve(settings.data), namesOf(settings)) };
}

export function tlsFiles(settings: Settings): TlsFiles | undefined {
  const { "tls-cert": cert, "tls-key": key } = settings;
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/**
 * What invitation links pin: the fingerprint of the server's own certificate. Undefined where
 * clients can check by other means, or meet the certificate of a proxy.
 */
export function pinOf(settings: Settings, address: string): string | undefined {
  const ownSpeaks = settings.tls === "auto" && tlsFiles(settings) === undefined;
  const behindProxy = settings["trust-proxy"] && settings["public-address"] !== undefined;
  if (!ownSpeaks || behindProxy || !address.startsWith("https:")) return undefined;
  const own = existingOwnCertificate(resolve(settings.data));
  return own === undefined ? undefined : fingerprintOf(own.cert);
}

function namesOf({ "public-address": address, host }: Settings): readonly string[] {
  const names = host === "::" || host === "0.0.0.0" ? [] : [host];
  if (address === undefined) return names;
  const url = new URL(address.includes("://") ? address : `https://${address}`);
  return [...names, url.hostname.replaceAll(/[[\]]/g, "")];
}
