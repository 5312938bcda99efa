import { MESSAGES, type OneWay } from "./conversation.ts";
import type { Observation, Path } from "./scenario.ts";

/** What became of all that was sent, both ways. */
export async function observe(
  ways: readonly OneWay[],
): Promise<Omit<Observation, "directMs" | "pair" | "packets">> {
  const counts = await Promise.all(ways.map((way) => way.count()));
  const sum = (of: (count: (typeof counts)[number]) => number) =>
    counts.reduce((total, count) => total + of(count), 0);
  const paths = (n: number): readonly Path[] => [
    ...new Set(ways.flatMap((way) => way.path(n) ?? [])),
  ];
  const taken = (path: Path) => ways.reduce((total, way) => total + way.countBy(path), 0);
  const [slowest] = ways.flatMap(({ slowest }) => slowest ?? []).toSorted((a, b) => b.ms - a.ms);
  const firsts = ways.flatMap(({ firstMs }) => firstMs ?? []);
  return {
    first: paths(0),
    hundredth: paths(MESSAGES - 1),
    paths: { direct: taken("direct"), relayed: taken("relayed"), stored: taken("stored") },
    firstMs: firsts.length === ways.length ? Math.max(...firsts) : undefined,
    worstMs: slowest?.ms,
    ...(slowest === undefined ? {} : { slowest }),
    sent: ways.reduce((total, { sent }) => total + sent, 0),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
  };
}
