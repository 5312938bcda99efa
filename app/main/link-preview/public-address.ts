/** Which addresses belong to the Internet. A link must not reach into the network of whoever reads it. */
import { BlockList, isIP, isIPv4 } from "node:net";

/** Not globally reachable (IANA special-purpose registries, RFC 6890), and multicast. */
const IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** What is public of IPv6 is this (RFC 4291 §2.4) … */
const IPV6_GLOBAL: readonly [string, number] = ["2000::", 3];
/** … without these: protocol assignments with Teredo, documentation, and 6to4, which holds an IPv4 address. */
const IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const blocked = new BlockList();
for (const [net, prefix] of IPV4) blocked.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of IPV6) blocked.addSubnet(net, prefix, "ipv6");
const global = new BlockList();
global.addSubnet(...IPV6_GLOBAL, "ipv6");

/** @param address an IPv4 or IPv6 address; anything else is not public */
export function isPublicAddress(address: string): boolean {
  // A zone belongs to the own links.
  if (address.includes("%") || isIP(address) === 0) return false;
  if (isIPv4(address)) return !blocked.check(address, "ipv4");
  return global.check(address, "ipv6") && !blocked.check(address, "ipv6");
}
