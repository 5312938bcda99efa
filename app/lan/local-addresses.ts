import { networkInterfaces } from "node:os";
import { limits, type TransportAddress } from "../../shared/protocol/index.ts";
import type { Interfaces } from "./interfaces.ts";

/**
 * The machine's addresses that others may reach: neither loopback nor link-local (RFC 3927,
 * RFC 4291 §2.5.6), IPv4 first. Ports are chosen for each connection, so none is told (0).
 */
export function localAddresses(
  interfaces: Interfaces = networkInterfaces(),
): readonly TransportAddress[] {
  const reachable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, internal }) => !internal && !isLinkLocal(address))
    .map(({ address, family }) => ({ address, family }));
  const unique = new Map(reachable.map((entry) => [entry.address, entry]));
  return [...unique.values()]
    .toSorted((a, b) => a.family.localeCompare(b.family))
    .slice(0, limits.MAX_ENDPOINT_ADDRESSES)
    .map(({ address }) => ({ address, port: 0 }));
}

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab][0-9a-f]:/i.test(address);
}
