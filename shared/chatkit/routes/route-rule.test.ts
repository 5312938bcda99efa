import { expect, test } from "vitest";
import { RoutePolicy } from "../../protocol/index.ts";
import { replaces, routeRule, strictest } from "./route-rule.ts";

function ways(own: RoutePolicy, theirs: RoutePolicy): string {
  const { direct, lanOnly, relay, mailbox, why } = routeRule(own, theirs);
  const open = [
    direct && (lanOnly ? "lan" : "direct"),
    relay && "relay",
    mailbox && "mailbox",
    why ?? "-",
  ];
  return open.filter((way) => way !== false).join(" ");
}

test("R1: a way is open where both policies leave it open", () => {
  const table = RoutePolicy.options.map((own) =>
    RoutePolicy.options.map((theirs) => ways(own, theirs)),
  );
  const none = "policies-exclude";
  expect(table).toEqual([
    [
      "direct relay mailbox -",
      "direct peer-policy",
      "lan peer-policy",
      "relay mailbox peer-policy",
    ],
    ["direct own-policy", "direct own-policy", "lan own-policy", none],
    ["lan own-policy", "lan own-policy", "lan own-policy", none],
    ["relay mailbox own-policy", none, none, "relay mailbox own-policy"],
  ]);
});

test("R1: the same ways are open at both ends", () => {
  for (const own of RoutePolicy.options) {
    for (const theirs of RoutePolicy.options) {
      const { why: _, ...here } = routeRule(own, theirs);
      const { why: __, ...there } = routeRule(theirs, own);
      expect(here).toEqual(there);
    }
  }
});

test("the strictest of several devices' policies stands for a person", () => {
  expect(strictest([])).toBe("automatic");
  expect(strictest(["direct-only", "lan-only", "automatic"])).toBe("lan-only");
  expect(strictest(["automatic", "relay-only"])).toBe("relay-only");
});

test("R7: the later one counts, and of one time the stricter, whatever comes first", () => {
  const earlier = { policy: "lan-only", at: 1 } as const;
  const later = { policy: "automatic", at: 2 } as const;
  const stricter = { policy: "direct-only", at: 2 } as const;
  expect(replaces(earlier, undefined)).toBe(true);
  expect(replaces({ policy: "automatic", at: 0 }, undefined)).toBe(true);
  expect(replaces(later, earlier)).toBe(true);
  expect(replaces(earlier, later)).toBe(false);
  expect(replaces(later, later)).toBe(false);
  expect(replaces(stricter, later)).toBe(true);
  expect(replaces(later, stricter)).toBe(false);
});
