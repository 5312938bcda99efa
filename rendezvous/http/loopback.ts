import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Is this an address of the machine itself (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3)? */
export function isLoopback(address: string | undefined): boolean {
  const family = isIP(address ?? "");
  return (
    address !== undefined && family !== 0 && loopback.check(address, family === 4 ? "ipv4" : "ipv6")
  );
}
