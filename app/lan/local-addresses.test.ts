import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import * as v from "valibot";
import { limits, TransportAddress } from "../../shared/protocol/index.ts";
import { localAddresses } from "./local-addresses.ts";

function ipv4(address: string, internal = false): NetworkInterfaceInfo {
  const netmask = "255.255.255.0";
  return { address, netmask, mac: "00:00:00:00:00:00", internal, cidr: null, family: "IPv4" };
}

function ipv6(address: string, internal = false): NetworkInterfaceInfo {
  const mac = "00:00:00:00:00:00";
  return { address, netmask: "", mac, internal, cidr: null, family: "IPv6", scopeid: 0 };
}

test("tells the addresses that others may reach, IPv4 first, each once", () => {
  const found = localAddresses({
    lo: [ipv4("127.0.0.1", true), ipv6("::1", true)],
    wlan0: [ipv6("2001:db8::5"), ipv6("fe80::1"), ipv6("FEBF::1"), ipv4("192.168.1.5")],
    eth0: [ipv4("169.254.3.4"), ipv4("10.0.0.5"), ipv4("192.168.1.5")],
    gone: undefined,
  });
  expect(found).toEqual([
    { address: "192.168.1.5", port: 0 },
    { address: "10.0.0.5", port: 0 },
    { address: "2001:db8::5", port: 0 },
  ]);
});

test("addresses of one kind stay in the order of their interfaces", () => {
  const found = localAddresses({
    lo: [ipv4("127.0.0.1", true), ipv6("::1", true)],
    eth0: [ipv6("fe80::1"), ipv6("2001:db8::5"), ipv4("192.168.1.5")],
    wlan0: [ipv4("169.254.3.4"), ipv4("192.168.1.5"), ipv6("FEBF::2"), ipv6("fd00::7")],
    gone: undefined,
  });
  expect(found).toEqual([
    { address: "192.168.1.5", port: 0 },
    { address: "2001:db8::5", port: 0 },
    { address: "fd00::7", port: 0 },
  ]);
});

test("gives a bounded number", () => {
  const many = Array.from({ length: 100 }, (_, index) => ipv4(`10.0.0.${index}`));
  expect(localAddresses({ many })).toHaveLength(16);
});

test("tells no more than the wire takes", () => {
  const many = Array.from({ length: 40 }, (_, n) => ipv4(`10.0.0.${n}`));
  expect(localAddresses({ many })).toHaveLength(limits.MAX_ENDPOINT_ADDRESSES);
});

test("this machine's addresses are valid on the wire", () => {
  for (const address of localAddresses()) expect(v.is(TransportAddress, address)).toBe(true);
});
