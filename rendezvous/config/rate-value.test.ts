import { expect, test } from "vitest";
import * as v from "valibot";
import { rendezvousConfigOf } from "./rendezvous-config-of.ts";
import { RateValue } from "./rate-value.ts";
import { defaultRendezvousConfig } from "../rendezvous-config.ts";
import { readSettings } from "./read-settings.ts";
import { settingInfo } from "./settings.ts";

test.each([
  ["600+2/s", { burst: 600, perSecond: 2 }],
  ["1000 + 720/h", { burst: 1000, perSecond: 0.2 }],
  ["256MiB+1MiB/s", { burst: 2 ** 28, perSecond: 2 ** 20 }],
  [
    { burst: 4, perSecond: 0.5 },
    { burst: 4, perSecond: 0.5 },
  ],
])("%o is a limit", (text, rate) => {
  expect(v.parse(RateValue, text)).toEqual(rate);
});

test.each(["", "600", "600+0/s", "0+1/s", "1+1/y", "1.5+1/s", "-1+1/s", "1MB+1/s", 5])(
  "%o is none",
  (text) => {
    expect(v.safeParse(RateValue, text).success).toBe(false);
  },
);

test("limits are read, and help says their defaults", () => {
  const env = { BEELINE_LIMIT_ROSTER: "10+1/m", BEELINE_CONNECTIONS_PER_ADDRESS: "7" };
  const config = rendezvousConfigOf(readSettings({ flags: {}, env, file: undefined }), "1");
  const { allowances } = defaultRendezvousConfig;
  expect(config.connectionsPerAddress).toBe(7);
  expect(config.allowances).toEqual({
    ...allowances,
    rosterRequests: { burst: 10, perSecond: 1 / 60 },
  });
  const settings = readSettings({ flags: {}, env: {}, file: undefined });
  for (const [name, { about }] of Object.entries(settingInfo)) {
    const limit = /\(default: (\S+\+\S+)\)/.exec(about)?.[1];
    if (!name.startsWith("limit-") || limit === undefined) continue;
    const value = Object.entries(settings).find(([key]) => key === name)?.[1];
    expect(v.parse(RateValue, limit), name).toEqual(value);
  }
});
