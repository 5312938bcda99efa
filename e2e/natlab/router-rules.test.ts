import { expect, it } from "vitest";
import { routerRules } from "./router-rules.ts";
import type { Router } from "./topology.ts";

function rules(router: Router): readonly string[] {
  const deviceOf = (segment: string) => (segment === "internet" ? "eth0" : "eth1");
  return routerRules(router, deviceOf).split("\n");
}

it("a router between two subnets passes everything", () => {
  expect(rules({}).filter((line) => /drop|masquerade/.test(line))).toEqual([]);
});

it("nothing comes in from outside that was not asked for", () => {
  const lines = rules({ outside: "internet", nat: "cone" });
  const asked = lines.indexOf("ct state established,related accept");
  expect(lines.indexOf("iifname eth0 drop")).toBe(asked + 1);
  expect(lines).toContain("iifname eth0 ct state new drop");
});

it("NATs differ in the ports they take, and in whom they let in", () => {
  expect(rules({ outside: "internet", nat: "cone" })).toContain("oifname eth0 masquerade");
  expect(rules({ outside: "internet", nat: "symmetric" })).toContain(
    "oifname eth0 masquerade fully-random",
  );
  const full = rules({ outside: "internet", nat: "full-cone" });
  expect(full.indexOf("ct status dnat accept")).toBeLessThan(full.indexOf("iifname eth0 drop"));
  expect(full.indexOf("ct status dnat accept")).toBeGreaterThan(0);
});

it("no UDP goes before what was established", () => {
  const lines = rules({ outside: "internet", firewall: [{ rule: "no-udp" }] });
  expect(lines.indexOf("meta l4proto udp drop")).toBeLessThan(
    lines.indexOf("ct state established,related accept"),
  );
});

it("all but TCP to one port is dropped, its answers are not", () => {
  const only = (to: string) =>
    rules({ firewall: [{ rule: "only-tcp", to, port: 443 }] }).slice(3, 6);
  expect(only("203.0.113.1")).toEqual([
    "ip daddr 203.0.113.1 tcp dport 443 accept",
    "ip saddr 203.0.113.1 tcp sport 443 ct state established accept",
    "drop",
  ]);
  expect(only("fd00::1")[0]).toBe("ip6 daddr fd00::1 tcp dport 443 accept");
});

it("loses what it is told to lose", () => {
  expect(rules({ firewall: [{ rule: "lose", percent: 3 }] })).toContain(
    "numgen random mod 100 < 3 drop",
  );
  expect(rules({ firewall: [{ rule: "lose-ipv6" }] })).toContain("meta nfproto ipv6 drop");
});
