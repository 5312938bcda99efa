import * as v from "valibot";

const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

export const SlowWayOptions = v.object({
  /** Addresses of the two whose UDP it passes on. */
  between: v.tuple([v.string(), v.string()]),
  /** All that the two use, one with the other. */
  ports: v.object({ first: Port, last: Port }),
  /** One way. */
  delayMs: v.number(),
  /** TCP to that port goes by it too. */
  tcp: v.exactOptional(v.object({ to: v.string(), port: Port })),
});
export type SlowWayOptions = v.InferOutput<typeof SlowWayOptions>;
