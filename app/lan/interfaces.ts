import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import { MAX_INTERFACES } from "./limits.ts";

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** An interface that leads to others, by its first IPv4 address. */
export interface LanInterface {
  readonly name: string;
  readonly address: string;
  /** In CIDR notation with its prefix length, e.g. `192.168.1.7/24`. */
  readonly cidr: string;
}

/** Loopback leads to nobody. Multicast DNS is spoken over IPv4 here. */
export function lanInterfaces(interfaces: Interfaces = networkInterfaces()): LanInterface[] {
  return Object.entries(interfaces)
    .flatMap(([name, addresses]) => {
      const first = addresses?.find(({ family, internal }) => family === "IPv4" && !internal);
      if (first === undefined) return [];
      return [{ name, address: first.address, cidr: first.cidr ?? `${first.address}/32` }];
    })
    .slice(0, MAX_INTERFACES);
}

/** RFC 1918, RFC 3927. */
const PRIVATE = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
] as const;

/**
 * Says of an address whether it may be connected to because somebody on the network named it: private
 * ones and those of one's own networks. A stranger shall not have this machine call whom they like.
 */
export function localAddressRule(
  interfaces: readonly LanInterface[],
): (address: string) => boolean {
  const list = new BlockList();
  for (const [network, prefix] of PRIVATE) list.addSubnet(network, prefix);
  for (const { cidr } of interfaces) {
    const [network = "", prefix = "32"] = cidr.split("/");
    list.addSubnet(network, Number(prefix));
  }
  return (address) => isIPv4(address) && list.check(address);
}
