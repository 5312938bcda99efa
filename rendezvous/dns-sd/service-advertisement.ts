import { randomBytes } from "node:crypto";
import { publicAddressOf } from "../config/public-address.ts";
import type { Settings } from "../config/settings.ts";
import { isWildcard } from "../http/listen.ts";
import { isLoopback } from "../http/loopback.ts";

/** RFC 6763 §4.1.2: what clients look for, `_beeline._tcp`. */
const SERVICE_TYPE = "beeline";

/** A DNS label has 63 bytes (RFC 1035 §2.3.4); a space and the suffix take seven. */
const MAX_LABEL_BYTES = 63 - 7;
const SUFFIX_BYTES = 3;
/** One string of a TXT record has 255 bytes (RFC 6763 §6.1). */
const MAX_TXT_BYTES = 255;

/** What is announced of a service. */
export interface ServiceAdvertisement {
  readonly type: string;
  /** One label, unlike any other's. */
  readonly instance: string;
  readonly port: number;
  readonly txt: Readonly<Record<string, string>>;
}

/**
 * What the server says of itself on the local network: `v` (1), `name`, `tls` (0 or 1); where people
 * reach it by another name than the addresses it is found at, `host` (as in a URL) with the port
 * there, and `path` if any; where its certificate is its own, `pin` (its fingerprint, as in
 * invitation links). Undefined where nothing shall be said, or nobody but this machine could come.
 * @param port on which it really listens
 */
export function advertisementOf(
  settings: Settings,
  port: number,
  pin?: string,
): ServiceAdvertisement | undefined {
  if (!settings.announce || isLoopback(settings.host) || settings.host === "localhost") {
    return undefined;
  }
  return {
    type: SERVICE_TYPE,
    instance: instanceOf(settings.name),
    ...placeOf(settings, port, pin),
  };
}

function placeOf(
  settings: Settings,
  port: number,
  pin: string | undefined,
): Pick<ServiceAdvertisement, "port" | "txt"> {
  // By the addresses that it is found at, or by the one that it has been given.
  const isAnywhere = settings["public-address"] === undefined && isWildcard(settings.host);
  const url = isAnywhere ? undefined : new URL(publicAddressOf(settings, port));
  const isTls = url === undefined ? settings.tls === "auto" : url.protocol === "https:";
  const path = url?.pathname.replace(/\/+$/, "") ?? "";
  const said = {
    v: "1",
    name: settings.name,
    tls: isTls ? "1" : "0",
    ...(url === undefined ? {} : { host: url.hostname }),
    ...(path === "" ? {} : { path }),
    ...(pin === undefined || !isTls ? {} : { pin }),
  };
  return { port: url === undefined ? port : portOf(url), txt: fitting(said) };
}

function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

function fitting(txt: Readonly<Record<string, string>>): Record<string, string> {
  const fits = ([key, value]: [string, string]): boolean =>
    Buffer.byteLength(`${key}=${value}`) <= MAX_TXT_BYTES;
  return Object.fromEntries(Object.entries(txt).filter(fits));
}

/** For people who look with other programs; two servers of one name are told apart. */
function instanceOf(name: string): string {
  let short = "";
  for (const { segment } of new Intl.Segmenter().segment(name)) {
    if (Buffer.byteLength(short + segment) > MAX_LABEL_BYTES) break;
    short += segment;
  }
  return `${short} ${randomBytes(SUFFIX_BYTES).toString("hex")}`;
}
