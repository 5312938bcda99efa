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

it("what two say to each other goes to a program, and looks as if it had not", () => {
  const handover = { between: ["10.0.1.2", "10.0.2.2"], tcpPort: 8383 } as const;
  const lose = { rule: "lose", percent: 3 } as const;
  const lines = rules({ handover, firewall: [lose] });
  expect(lines).toContain("ip saddr 10.0.1.2 ip daddr 10.0.2.2 meta l4proto udp redirect");
  expect(lines).toContain("ip saddr 10.0.2.2 ip daddr 10.0.1.2 meta l4proto udp redirect");
  expect(lines).toContain("tcp dport 8383 redirect");
  const out = "fib saddr type local ip daddr 10.0.2.2 udp sport 40000-40127 snat to 10.0.1.2";
  expect(lines).toContain(out);
  // It does not escape the firewall, which passes on only what is not handed over.
  const loss = "numgen random mod 100 < 3 drop";
  expect(lines.filter((line) => line === loss)).toHaveLength(2);
});

it("no TCP goes round what is handed over", () => {
  const handover = { between: ["10.0.1.2", "10.0.2.2"] } as const;
  const lines = rules({ handover });
  const both = "{ 10.0.1.2, 10.0.2.2 }";
  expect(lines).toContain(`ip saddr ${both} ip daddr ${both} meta l4proto tcp drop`);
  expect(lines.some((line) => line.includes("tcp dport"))).toBe(false);
});
