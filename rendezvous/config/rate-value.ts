import * as v from "valibot";
import type { Rate } from "../connection/token-bucket.ts";

const BYTES = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const EXPECTED = "a limit like 600+2/s (at once, and refilled), 1000+720/h or 256MiB+1MiB/s";

/** How often something may be done: what may be saved up, and how fast it is refilled. */
export const RateValue = v.union(
  [
    v.object({
      burst: v.pipe(v.number(), v.minValue(1)),
      perSecond: v.pipe(v.number(), v.gtValue(0)),
    }),
    v.pipe(
      v.string(),
      v.rawTransform(({ dataset, addIssue, NEVER }): Rate => {
        const rate = read(dataset.value.replaceAll(" ", ""));
        if (rate !== undefined) return rate;
        addIssue({ message: EXPECTED });
        return NEVER;
      }),
    ),
  ],
  EXPECTED,
);

function read(text: string): Rate | undefined {
  const [, burst, burstUnit, refill, refillUnit, per] =
    /^(\d{1,12})([KMG]iB|)\+(\d{1,12})([KMG]iB|)\/([smhd])$/.exec(text) ?? [];
  if (!isUnit(BYTES, burstUnit) || !isUnit(BYTES, refillUnit) || !isUnit(SECONDS, per)) {
    return undefined;
  }
  const rate = {
    burst: Number(burst) * BYTES[burstUnit],
    perSecond: (Number(refill) * BYTES[refillUnit]) / SECONDS[per],
  };
  return rate.burst >= 1 && rate.perSecond > 0 ? rate : undefined;
}

function isUnit<U extends object>(units: U, unit: string | undefined): unit is keyof U & string {
  return unit !== undefined && Object.hasOwn(units, unit);
}
