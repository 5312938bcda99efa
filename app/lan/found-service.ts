import * as v from "valibot";
import { MAX_ADDRESSES } from "./limits.ts";

/** One label and one TXT string of DNS have so many bytes at the most (RFC 1035, RFC 6763 §6.1). */
const MAX_LABEL = 63;
const MAX_TXT = 255;
const MAX_TXT_KEYS = 16;

/** An announcement as somebody on the network made it: nothing proves what it says. */
export interface FoundService {
  readonly instance: string;
  readonly port: number;
  /** IPv4: first where it came from, then what it names. */
  readonly addresses: readonly string[];
  /** Where it came from. */
  readonly source: string;
  readonly txt: ReadonlyMap<string, string>;
}

const Announced = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_LABEL)),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  addresses: v.optional(v.array(v.unknown()), []),
  referer: v.object({ address: v.pipe(v.string(), v.ipv4()) }),
  txt: v.optional(v.record(v.string(), v.unknown()), {}),
});
const Address = v.pipe(v.string(), v.ipv4());
const Text = v.pipe(v.string(), v.maxLength(MAX_TXT));

/** @param service what `bonjour-service` made of a packet @returns undefined where it is none */
export function foundService(service: unknown): FoundService | undefined {
  const parsed = v.safeParse(Announced, service);
  if (!parsed.success) return undefined;
  const { name, port, addresses, referer, txt } = parsed.output;
  const named = addresses.filter((address) => v.is(Address, address));
  const texts = Object.entries(txt)
    .slice(0, MAX_TXT_KEYS)
    .flatMap(([key, value]) => (v.is(Text, value) ? [[key, value] as const] : []));
  return {
    instance: name,
    port,
    addresses: [...new Set([referer.address, ...named])].slice(0, MAX_ADDRESSES),
    source: referer.address,
    txt: new Map(texts),
  };
}
