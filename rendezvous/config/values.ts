import * as v from "valibot";
import { limits, TurnUri } from "../../shared/protocol/index.ts";

/**
 * How settings are written. Files have TOML's types, environment and flags only text; each schema
 * takes both.
 */

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { "": 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.union(
      [
        v.number(),
        v.pipe(
          v.string(),
          v.regex(/^\d+$/, expected),
          v.transform((text) => Number(text)),
        ),
      ],
      expected,
    ),
    v.safeInteger(expected),
    v.minValue(min, expected),
    v.maxValue(max, expected),
  );
}

export const YesNo = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(["true", "yes", "on", "1", "false", "no", "off", "0"]),
      v.transform((text) => ["true", "yes", "on", "1"].includes(text)),
    ),
  ],
  "true or false",
);

/** A time span in ms, written as `500ms`, `30s`, `15m`, `12h` or `7d`; one at least. */
export const Duration = measure(MS, "a time like 30s, 15m, 12h or 7d");

/** A number of bytes, written as a number or as `512KiB`, `64MiB`, `2GB`; one at least. */
export const Size = v.union(
  [v.pipe(v.number(), v.safeInteger(), v.minValue(1)), measure(BYTES, "")],
  "a size like 64MiB or 2GB",
);

export const TextValue = v.pipe(v.string("text"), v.trim(), v.nonEmpty("some text"));

/** A host, `host:port`, or an `http` or `https` address, maybe with a path. */
export const PublicAddress = v.pipe(
  TextValue,
  v.check((text) => {
    const url = URL.parse(text.includes("://") ? text : `https://${text}`);
    if (url === null || !/^https?:$/.test(url.protocol)) return false;
    return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  }, "a host, host:port or an address like https://chat.example.org"),
);

/** Several texts: an array in a file, commas elsewhere. */
export const TextList = v.union(
  [
    v.array(v.pipe(v.string(), v.trim(), v.nonEmpty())),
    v.pipe(
      v.string(),
      v.transform((text) => text.split(",").map((part) => part.trim())),
      v.transform((parts) => parts.filter((part) => part !== "")),
    ),
  ],
  "a list of texts",
);

/** `off`, or a port; a file may have it as a number. */
export const StunPort = v.union(
  [v.literal("off"), wholeNumber(0, 65_535)],
  "a port from 0 to 65535, or off",
);

export const TurnUris = v.pipe(
  TextList,
  v.maxLength(limits.MAX_TURN_URIS, `${limits.MAX_TURN_URIS} addresses at most`),
  v.everyItem(
    (uri) => v.is(TurnUri, uri),
    "addresses like turn:turn.example.org:3478?transport=udp",
  ),
);

/** As a client takes it; shorter ones would expire while they are on their way. */
export const TurnTtl = v.pipe(
  Duration,
  v.minValue(limits.MIN_ICE_TTL_MS, "a minute at least"),
  v.maxValue(limits.MAX_ICE_TTL_MS, "7d at most"),
);

export function oneOf<const T extends readonly string[]>(values: T) {
  return v.picklist(values, `one of ${values.join(", ")}`);
}

function measure(units: Readonly<Record<string, number>>, expected: string) {
  return v.pipe(
    v.string(expected),
    v.trim(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const [, digits, unit] = /^(\d{1,12}) ?([A-Za-z]*)$/.exec(dataset.value) ?? [];
      const factor = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
      const value = Number(digits) * (factor ?? Number.NaN);
      if (Number.isSafeInteger(value) && value >= 1) return value;
      addIssue({ message: expected });
      return NEVER;
    }),
  );
}
