import { PATHS, type Expectation, type Observation, type Path } from "./scenario.ts";

/** What is not as it should be; empty where all is. */
export function judge(expected: Expectation, observed: Observation): readonly string[] {
  const { first, hundredth, directMs, lost, doubled, outOfOrder } = observed;
  const shouldBeDirect = expected.hundredth === "direct";
  return [
    ...complaint(shouldBeDirect && directMs === undefined, "no direct link was found"),
    ...complaint(
      !shouldBeDirect && directMs !== undefined,
      "a direct link where none was to be possible",
    ),
    ...pathComplaint("the first message", expected.first, first),
    ...pathComplaint("the hundredth message", [expected.hundredth], hundredth),
    ...strayComplaints(expected.between ?? PATHS, observed.paths),
    ...detourComplaint(expected.also, observed.paths),
    ...worstComplaint(expected.worstMs, observed.worstMs),
    ...complaint(
      expected.apart === true && observed.packets !== 0,
      `${observed.packets ?? "uncounted"} packets went from one to the other`,
    ),
    ...complaint(lost > 0, `${lost} lost`),
    ...complaint(doubled > 0, `${doubled} doubled`),
    ...complaint(outOfOrder > 0, `${outOfOrder} out of order`),
  ];
}

function strayComplaints(allowed: readonly Path[], paths: Observation["paths"]): readonly string[] {
  return PATHS.filter((path) => paths[path] > 0 && !allowed.includes(path)).map(
    (path) => `${paths[path]} went ${path}`,
  );
}

function detourComplaint(also: Path | undefined, paths: Observation["paths"]): readonly string[] {
  return also === undefined ? [] : complaint(paths[also] === 0, `none went ${also}`);
}

function worstComplaint(
  boundMs: number | undefined,
  worstMs: number | undefined,
): readonly string[] {
  if (boundMs === undefined || (worstMs !== undefined && worstMs <= boundMs)) return [];
  const worst = worstMs === undefined ? "for ever" : `${Math.round(worstMs)} ms`;
  return [`the slowest message took ${worst}, and may take ${boundMs} ms`];
}

function pathComplaint(
  what: string,
  expected: readonly Path[],
  observed: readonly Path[],
): readonly string[] {
  if (observed.length === 0) return [`${what} took no path`];
  const wrong = observed.filter((path) => !expected.includes(path));
  return complaint(wrong.length > 0, `${what} went ${wrong.join(" and ")}`);
}

function complaint(isSo: boolean, text: string): readonly string[] {
  return isSo ? [text] : [];
}
