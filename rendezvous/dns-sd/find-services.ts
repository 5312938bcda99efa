import { Bonjour } from "bonjour-service";
import type { Clock } from "../clock.ts";
import { MDNS_PORT, MulticastSocket, overSocket } from "./multicast-socket.ts";

/** A service that somebody announces. Nothing proves what is said. */
export interface FoundService {
  readonly instance: string;
  readonly port: number;
  /** Where the announcement came from. */
  readonly from: string | undefined;
  readonly txt: ReadonlyMap<string, string>;
}

export interface Search {
  readonly type: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly port?: number;
}

/** Announcements of this type that one interface's network had in all: a bound for the memory. */
const MAX_FOUND = 256;

/**
 * Asks on one interface and gives the first that fits; undefined where none came in time.
 * @throws what the system says: no multicast, no permission
 */
export async function findService(
  address: string,
  { type, clock, timeoutMs, port = MDNS_PORT }: Search,
  fits: (service: FoundService) => boolean,
): Promise<FoundService | undefined> {
  const found = Promise.withResolvers<FoundService | undefined>();
  const onError = (error: Error): void => found.reject(error);
  const socket = await MulticastSocket.open(address, { clock, port, onError });
  const bonjour = new Bonjour({ ...overSocket(socket), port }, onError);
  const timer = setTimeout(() => found.resolve(undefined), timeoutMs);
  try {
    let seen = 0;
    bonjour.find({ type }, ({ name, port: servicePort, referer, txt }) => {
      const service = {
        instance: name,
        port: servicePort,
        from: referer?.address,
        txt: texts(txt),
      };
      if (++seen <= MAX_FOUND && fits(service)) found.resolve(service);
    });
    return await found.promise;
  } finally {
    clearTimeout(timer);
    await new Promise<void>((resolve) => bonjour.destroy(() => resolve()));
  }
}

/** As a network wrote it. */
function texts(txt: unknown): ReadonlyMap<string, string> {
  const entries = typeof txt === "object" && txt !== null ? Object.entries(txt) : [];
  return new Map(
    entries.flatMap(([key, value]: [string, unknown]) =>
      typeof value === "string" ? [[key, value] as const] : [],
    ),
  );
}
