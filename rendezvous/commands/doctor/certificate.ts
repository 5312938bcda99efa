import { X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { OperatorError } from "../../config/operator-error.ts";
import type { Settings } from "../../config/settings.ts";
import { readTls } from "../../http/certificate.ts";
import { existingOwnCertificate } from "../../http/own-certificate.ts";
import { tlsFiles } from "../server-tls.ts";
import { bad, good, poor, type Finding } from "./finding.ts";

const DAY_MS = 86_400_000;
const RENEWAL_DAYS = 14;

export function checkCertificate(settings: Settings): readonly Finding[] {
  if (settings.tls === "off") {
    return [good("TLS: off; outside a trusted network put a reverse proxy in front.")];
  }
  try {
    const files = tlsFiles(settings);
    const pair =
      files === undefined ? existingOwnCertificate(resolve(settings.data)) : readTls(files);
    if (pair === undefined) return [good("TLS: a certificate will be made at the first start.")];
    return [
      validity(pair.cert, files === undefined ? "the server's own certificate" : "the certificate"),
    ];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [bad(`TLS: ${error.message}`)];
  }
}

function validity(cert: Buffer, called: string): Finding {
  const { validTo } = new X509Certificate(cert);
  const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
  if (days < 0) return bad(`TLS: ${called} has expired (${validTo}).`);
  const text = `TLS: ${called} is valid for ${days} more days.`;
  return days < RENEWAL_DAYS ? poor(text) : good(text);
}
