import type { FirewallRule, Router } from "./topology.ts";

/**
 * What a router does, for `nft`.
 * @param deviceOf its device on a segment
 */
export function routerRules(router: Router, deviceOf: (segment: string) => string): string {
  const { outside, nat, firewall = [] } = router;
  const outer = outside === undefined ? undefined : deviceOf(outside);
  const filter = [
    "table inet filter {",
    "chain forward {",
    "type filter hook forward priority 0; policy accept;",
    ...firewall.flatMap(firewallRule),
    ...(outer === undefined ? [] : unaskedRules(outer, nat)),
    "}",
    ...(outer === undefined ? [] : ownInput(outer)),
    "}",
  ];
  const translation = outer === undefined || nat === undefined ? [] : natRules(nat, outer);
  return [...filter, ...translation].join("\n");
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
