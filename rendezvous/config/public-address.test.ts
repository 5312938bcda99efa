import { describe, expect, test } from "vitest";
import { publicAddressOf } from "./public-address.ts";
import { readSettings } from "./read-settings.ts";

const address = (internal: boolean, text: string) => ({
  address: text,
  internal,
  netmask: "",
  mac: "",
  ...(text.includes(":")
    ? { family: "IPv6" as const, scopeid: 0, cidr: null }
    : { family: "IPv4" as const, cidr: null }),
});

const office = {
  lo: [address(true, "127.0.0.1"), address(true, "::1")],
  docker0: [address(false, "172.17.0.1")],
  eth0: [address(false, "fe80::1"), address(false, "2001:db8::5"), address(false, "192.0.2.5")],
};

function of(flags: Record<string, unknown>, interfaces = office): string {
  const settings = readSettings({ flags, env: {}, file: undefined });
  return publicAddressOf(settings, 8383, interfaces);
}

describe("H5 where people reach the server", () => {
  test.each([
    [{}, "https://192.0.2.5:8383"],
    [{ tls: "off" }, "http://192.0.2.5:8383"],
    [{ host: "127.0.0.1" }, "http://127.0.0.1:8383"],
    [{ host: "localhost" }, "http://localhost:8383"],
    [{ host: "2001:db8::5" }, "https://[2001:db8::5]:8383"],
    [{ host: "0.0.0.0" }, "https://192.0.2.5:8383"],
    [{ "public-address": "chat.example.org" }, "https://chat.example.org:8383"],
    [{ "public-address": "chat.example.org:443" }, "https://chat.example.org"],
    [{ "public-address": "chat.example.org:9000" }, "https://chat.example.org:9000"],
    [{ "public-address": "chat.example.org", "trust-proxy": true }, "https://chat.example.org"],
    [{ "public-address": "chat.example.org", tls: "off" }, "https://chat.example.org"],
    [{ "public-address": "https://chat.example.org/im/" }, "https://chat.example.org/im"],
    [{ "public-address": "http://10.0.0.1:81" }, "http://10.0.0.1:81"],
  ])("%j: %s", (flags, expected) => {
    expect(of(flags)).toBe(expected);
  });

  test("a machine on no network is reached by itself", () => {
    expect(of({}, { ...office, docker0: [], eth0: [] })).toBe("http://127.0.0.1:8383");
  });

  test.each(["ftp://x", "http://a b", "https://user@host", "https://host/?q=1", "https://host/#f"])(
    "%s is none",
    (text) => {
      expect(() => of({ "public-address": text })).toThrow("--public-address: expected a host");
    },
  );
});
