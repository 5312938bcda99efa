/** One page or picture of the web, fetched so that neither the page nor its size can do harm. */
import { lookup } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";

const MAX_REDIRECTS = 3;
const MAX_BYTES = 512 * 1024;
const MAX_URL_LENGTH = 2048;

/**
 * Ports of other services, whose servers might take a line of a page's request for a command (Fetch
 * Standard, "bad port"). Below 1024 only those of the web are asked.
 */
const OTHER_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
  6679, 6697, 10_080,
]);

/** Not to be had, or not to be asked for. */
export class NoPreview extends Error {
  override readonly name = "NoPreview";
}

export interface WebGuard {
  /** Is it an address to speak to? */
  readonly allows: (address: string) => boolean;
  /** Is this URL fetched from this machine itself, and not by a proxy? */
  readonly direct: (url: string) => Promise<boolean>;
}

export interface Fetched {
  /** After redirects. */
  readonly url: URL;
  readonly type: string;
  readonly bytes: Buffer;
  /** There was more, which was not read. */
  readonly cut: boolean;
}

/**
 * Fetches by GET, without cookies and without telling where the link stood; follows three redirects and
 * reads 512 KiB.
 * @throws NoPreview, or what the network throws
 */
export async function fetchWeb(
  address: string,
  accept: string,
  guard: WebGuard,
  signal: AbortSignal,
): Promise<Fetched> {
  let url = webUrl(address);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    // A proxy would resolve the name itself, so nobody could tell where it leads.
    if (!(await guard.direct(url.href))) throw new NoPreview("goes through a proxy");
    const response = await get(url, accept, guard, signal);
    const { statusCode = 0, headers } = response;
    const next = statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
    if (next !== undefined) {
      response.destroy();
      const target = webUrl(next, url);
      if (url.protocol === "https:" && target.protocol !== "https:") {
        throw new NoPreview("leaves https");
      }
      url = target;
      continue;
    }
    if (statusCode !== 200 || headers["content-encoding"] !== undefined) {
      response.destroy();
      throw new NoPreview(`answers ${statusCode}`);
    }
    return { url, type: headers["content-type"] ?? "", ...(await read(response)) };
  }
  throw new NoPreview("redirects too often");
}

function webUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  const web = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === undefined || !web || url.username !== "" || url.password !== "") {
    throw new NoPreview("no address of the web");
  }
  if (!isWebPort(url.port)) throw new NoPreview("a port of another service");
  if (url.href.length > MAX_URL_LENGTH) throw new NoPreview("too long an address");
  return url;
}

/** @param port empty for the scheme's own */
function isWebPort(port: string): boolean {
  const number = Number(port);
  if (port === "" || number === 80 || number === 443) return true;
  return number >= 1024 && !OTHER_PORTS.has(number);
}

function get(
  url: URL,
  accept: string,
  guard: WebGuard,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // An address is not looked up, so it is checked here.
  if (isIP(host) !== 0 && !guard.allows(host)) throw new NoPreview("a private address");
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const answer = Promise.withResolvers<IncomingMessage>();
  const asked = request(url, {
    signal,
    // A connection of its own: one that is kept was made before this check.
    agent: false,
    lookup: guardedLookup(guard),
    headers: {
      accept,
      "accept-encoding": "identity",
      // Some servers answer browsers only; nothing here tells one machine from another.
      "user-agent": "Mozilla/5.0 (compatible; Beeline link preview)",
    },
  });
  asked.on("response", answer.resolve);
  asked.on("error", answer.reject);
  asked.end();
  return answer.promise;
}

/** The address that is connected to is the one that was checked: a name cannot change in between. */
function guardedLookup(guard: WebGuard): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? new NoPreview("no address"), []);
      } else if (!addresses.every(({ address }) => guard.allows(address))) {
        callback(new NoPreview("a private address"), []);
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

async function read(response: IncomingMessage): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new NoPreview("not bytes");
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > MAX_BYTES) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, MAX_BYTES), cut: length > MAX_BYTES };
}
