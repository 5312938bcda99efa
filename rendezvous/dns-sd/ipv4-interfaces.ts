import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";

/** What this machine is reached by, as of now. */
export interface OwnAddresses {
  /** Of each IPv4 interface that leads to others. */
  readonly ipv4: readonly string[];
  /** All of them in one text: whether anything has changed. */
  readonly fingerprint: string;
}

/** Loopback leads to nobody. */
export function ownAddresses(
  interfaces: Readonly<
    Record<string, readonly NetworkInterfaceInfo[] | undefined>
  > = networkInterfaces(),
): OwnAddresses {
  const reachable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal);
  const ipv4 = reachable.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  const fingerprint = reachable
    .map(({ address }) => address)
    .toSorted()
    .join(" ");
  return { ipv4, fingerprint };
}
