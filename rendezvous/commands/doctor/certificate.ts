import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { OperatorError } from "../../config/operator-error.ts";
import type { Settings } from "../../config/settings.ts";
import { readTls } from "../../http/certificate.ts";
import { bad, good, poor, type Finding } from "./finding.ts";

const DAY_MS = 86_400_000;
const RENEWAL_DAYS = 14;

export function checkCertificate(settings: Settings): readonly Finding[] {
  const { "tls-cert": cert, "tls-key": key } = settings;
  if (cert === undefined || key === undefined) {
    return [good("TLS: none here; outside a trusted network put a reverse proxy in front.")];
  }
  try {
    readTls({ cert, key });
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [bad(`TLS: ${error.message}`)];
  }
  const { validTo } = new X509Certificate(readFileSync(cert));
  const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
  if (days < 0) return [bad(`TLS: the certificate has expired (${validTo}).`)];
  const text = `TLS: the certificate is valid for ${days} more days.`;
  return [days < RENEWAL_DAYS ? poor(text) : good(text)];
}
