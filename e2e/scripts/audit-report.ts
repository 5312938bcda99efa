import * as v from "valibot";

export interface AuditOutcome {
  readonly kind: "clean" | "weak" | "unknown";
  readonly told: string;
}

const Counts = v.object({
  moderate: v.number(),
  high: v.number(),
  critical: v.number(),
});
const Report = v.object({
  metadata: v.object({
    vulnerabilities: Counts,
    dependencies: v.object({ total: v.number() }),
  }),
  vulnerabilities: v.record(v.string(), v.object({ severity: v.string() })),
});

/** What `npm audit --json` has found. @param json its standard output; empty where it did not run */
export function readAudit(json: string): AuditOutcome {
  const report = v.safeParse(Report, parseJson(json));
  if (!report.success) {
    return {
      kind: "unknown",
      told: "NOT DONE: the registry did not answer, or does not answer audits. Nothing is known.",
    };
  }
  const { metadata, vulnerabilities } = report.output;
  const { moderate, high, critical } = metadata.vulnerabilities;
  const { total } = metadata.dependencies;
  if (moderate + high + critical === 0) {
    return { kind: "clean", told: `nothing known against ${total} packages` };
  }
  const names = Object.entries(vulnerabilities)
    .filter(([, { severity }]) => severity !== "low" && severity !== "info")
    .map(([name, { severity }]) => `${name} (${severity})`);
  return { kind: "weak", told: `known weaknesses: ${names.join(", ")}. See: npm audit` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
