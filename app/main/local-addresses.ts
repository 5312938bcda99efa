import type { NetworkInterfaceInfo } from "node:os";
import type { BridgeAddress } from "../preload/bridge.ts";

/** More than any honest machine has; keeps a sign-in small on one full of containers. */
const MAX_ADDRESSES = 16;

/**
 * The machine's own addresses that another one could reach: no loopback, no link-local (RFC 3927,
 * RFC 4291 §2.5.6). IPv4 first. Port 0, for the browser chooses the ports.
 */
export function localAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): BridgeAddress[] {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const usable = all.filter(({ internal, address }) => !internal && !isLinkLocal(address));
  const ordered = [
    ...usable.filter(({ family }) => family === "IPv4"),
    ...usable.filter(({ family }) => family === "IPv6"),
  ];
  const unique = new Set(ordered.map(({ address }) => address));
  return [...unique].slice(0, MAX_ADDRESSES).map((address) => ({ address, port: 0 }));
}

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab][0-9a-f]:/i.test(address);
}
