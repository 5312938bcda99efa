import { expect, it } from "vitest";
import { tableHead, tableRow } from "./table.ts";

it("a row stands below its heads", () => {
  const row = tableRow({
    scenario: "two-cones",
    client: "chromium+node",
    verdict: "passed",
    reasons: [],
    seconds: 7.04,
    observed: {
      first: ["relayed"],
      hundredth: ["direct"],
      firstMs: 312.4,
      worstMs: 999,
      directMs: undefined,
      pair: { local: "srflx", remote: "prflx", protocol: "udp" },
      paths: { direct: 150, relayed: 48, stored: 2 },
      sent: 200,
      lost: 0,
      doubled: 1,
      outOfOrder: 2,
    },
  });
  const cell = (name: string) => row.slice(tableHead().indexOf(name)).split(/\s/)[0];
  expect(cell("scenario")).toBe("two-cones");
  expect(cell("client")).toBe("chromium+node");
  expect(cell("pair")).toBe("srflx/prflx");
  expect(cell("verdict")).toBe("passed");
  expect(cell("first ms")).toBe("312");
  expect(cell("worst ms")).toBe("999");
  expect(cell("direct ms")).toBe("-");
  expect(cell("then direct/relayed/stored")).toBe("150/48/2");
  expect(cell("doubled")).toBe("1");
  expect(cell("disorder")).toBe("2");
  expect(row.endsWith(" 7.0\n")).toBe(true);
});

it("the reasons follow, a line each", () => {
  const reasons = ["no direct link was found", "1 lost"];
  const row = tableRow({
    ...{ scenario: "lan", client: "node", verdict: "failed", reasons, seconds: 30 },
  });
  expect(row.split("\n").slice(1)).toEqual(["  no direct link was found", "  1 lost", ""]);
});
