import type { NetworkInterfaceInfo } from "node:os";
import { expect, it } from "vitest";
import { localAddresses } from "./local-addresses.ts";

function info(address: string, internal = false): NetworkInterfaceInfo {
  const common = { address, netmask: "", mac: "", internal, cidr: null };
  return address.includes(":")
    ? { ...common, family: "IPv6", scopeid: 0 }
    : { ...common, family: "IPv4" };
}

it("gives reachable addresses once, IPv4 first", () => {
  const found = localAddresses({
    lo: [info("127.0.0.1", true), info("::1", true)],
    eth0: [info("fe80::1"), info("2001:db8::5"), info("192.168.1.5")],
    wlan0: [info("169.254.3.4"), info("192.168.1.5"), info("FEBF::2"), info("fd00::7")],
    gone: undefined,
  });
  expect(found).toEqual([
    { address: "192.168.1.5", port: 0 },
    { address: "2001:db8::5", port: 0 },
    { address: "fd00::7", port: 0 },
  ]);
});

it("gives a bounded number", () => {
  const many = Array.from({ length: 100 }, (_, index) => info(`10.0.0.${index}`));
  expect(localAddresses({ many })).toHaveLength(16);
});
