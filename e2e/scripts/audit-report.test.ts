import { expect, test } from "vitest";
import { readAudit } from "./audit-report.ts";

const none = { info: 0, low: 3, moderate: 0, high: 0, critical: 0, total: 3 };
const dependencies = { prod: 100, total: 400 };

test("a clean report", () => {
  const report = {
    vulnerabilities: { a: { severity: "low" } },
    metadata: { vulnerabilities: none, dependencies },
  };
  expect(readAudit(JSON.stringify(report))).toEqual({
    kind: "clean",
    told: "nothing known against 400 packages",
  });
});

test("weaknesses are named, small ones are not", () => {
  const report = {
    vulnerabilities: { a: { severity: "low" }, b: { severity: "high" } },
    metadata: { vulnerabilities: { ...none, high: 1 }, dependencies },
  };
  expect(readAudit(JSON.stringify(report))).toMatchObject({
    kind: "weak",
    told: "known weaknesses: b (high). See: npm audit",
  });
  expect(readAudit(JSON.stringify(report)).told).not.toContain("a (low)");
});

test.each(["", "{}", "npm error", '{"error":{"code":"ENOAUDIT"}}'])(
  "%j says nothing, and is not taken for clean",
  (text) => {
    expect(readAudit(text)).toMatchObject({ kind: "unknown" });
    expect(readAudit(text).told).toContain("NOT DONE");
  },
);
