import type { FirewallRule, Handover, PortRange, Router } from "./topology.ts";

/** Of hosts whose UDP is handed over: the program on the router listens on each of them. */
export const ANY_PORTS: PortRange = { first: 40_000, last: 40_127 };

/**
 * What a router does, for `nft`.
 * @param deviceOf its device on a segment
 */
export function routerRules(router: Router, deviceOf: (segment: string) => string): string {
  const { outside, nat, firewall = [], handover } = router;
  const outer = outside === undefined ? undefined : deviceOf(outside);
  const filter = [
    "table inet filter {",
    "chain forward {",
    "type filter hook forward priority 0; policy accept;",
    ...firewall.flatMap(firewallRule),
    ...(handover === undefined ? [] : [noTcpBetween(handover)]),
    ...(outer === undefined ? [] : unaskedRules(outer, nat)),
    "}",
    ...(outer === undefined ? [] : ownInput(outer)),
    ...(handover === undefined ? [] : handedOverInput(firewall)),
    "}",
  ];
  const translation = outer === undefined || nat === undefined ? [] : natRules(nat, outer);
  const handed = handover === undefined ? [] : handoverRules(handover);
  return [...filter, ...translation, ...handed].join("\n");
}

function firewallRule(rule: FirewallRule): readonly string[] {
  switch (rule.rule) {
    case "no-udp":
      return ["meta l4proto udp drop"];
    case "only-tcp": {
      const family = rule.to.includes(":") ? "ip6" : "ip";
      const answers = `${family} saddr ${rule.to} tcp sport ${rule.port} ct state established accept`;
      return [`${family} daddr ${rule.to} tcp dport ${rule.port} accept`, answers, "drop"];
    }
    case "lose-ipv6":
      return ["meta nfproto ipv6 drop"];
    case "lose":
      return [`numgen random mod 100 < ${rule.percent} drop`];
  }
}

function unaskedRules(outer: string, nat: Router["nat"]): readonly string[] {
  const welcome = nat === "full-cone" ? ["ct status dnat accept"] : [];
  return ["ct state established,related accept", ...welcome, `iifname ${outer} drop`];
}

/**
 * What comes to the router itself is dropped without a word and without a trace: a remembered
 * packet of the other side's would take the port that the inside is about to use towards it.
 */
function ownInput(outer: string): readonly string[] {
  return [
    "chain input {",
    "type filter hook input priority 0; policy accept;",
    `iifname ${outer} ct state new drop`,
    "}",
  ];
}

function natRules(nat: NonNullable<Router["nat"]>, outer: string): readonly string[] {
  if (nat !== "full-cone") {
    const random = nat === "symmetric" ? " fully-random" : "";
    return [
      "table ip nat {",
      "chain postrouting {",
      "type nat hook postrouting priority 100; policy accept;",
      `oifname ${outer} masquerade${random}`,
      "}",
      "}",
    ];
  }
  return [
    "table ip nat {",
    "map inner { type inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; }",
    "chain prerouting {",
    "type nat hook prerouting priority -100; policy accept;",
    // To whom the port belongs: also for a packet from inside to the outer address.
    "fib daddr type local meta l4proto udp dnat ip to udp dport map @inner",
    "}",
    "chain postrouting {",
    "type nat hook postrouting priority 100; policy accept;",
    `oifname ${outer} meta l4proto udp update @inner { udp sport : ip saddr . udp sport }`,
    `oifname ${outer} masquerade`,
    "ct status dnat masquerade",
    "}",
    "}",
  ];
}

/** By which they would go round what is slow: ICE tries TCP too (RFC 6544). */
function noTcpBetween({ between }: Handover): string {
  const both = `{ ${between.join(", ")} }`;
  return `ip saddr ${both} ip daddr ${both} meta l4proto tcp drop`;
}

/** What is handed to a program on the router meets the same firewall. */
function handedOverInput(firewall: readonly FirewallRule[]): readonly string[] {
  return [
    "chain input {",
    "type filter hook input priority 0; policy accept;",
    ...firewall.flatMap(firewallRule),
    "}",
  ];
}

/** In with the port it was meant for; out with the address of who has sent it. */
function handoverRules({ between: [one, other], tcpPort }: Handover): readonly string[] {
  const ways = [
    [one, other],
    [other, one],
  ] as const;
  return [
    "table ip handover {",
    "chain prerouting {",
    "type nat hook prerouting priority -100; policy accept;",
    ...ways.map(([from, to]) => `ip saddr ${from} ip daddr ${to} meta l4proto udp redirect`),
    ...(tcpPort === undefined ? [] : [`tcp dport ${tcpPort} redirect`]),
    "}",
    "chain postrouting {",
    "type nat hook postrouting priority 100; policy accept;",
    ...ways.map(
      ([from, to]) =>
        `fib saddr type local ip daddr ${to} udp sport ${ANY_PORTS.first}-${ANY_PORTS.last} snat to ${from}`,
    ),
    "}",
    "}",
  ];
}
