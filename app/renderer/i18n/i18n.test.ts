import { describe, expect, test } from "vitest";
import { en } from "./en.ts";
import { createFormat } from "./format.ts";
import { matchLanguage } from "./i18n.ts";
import { zhCn } from "./zh-cn.ts";

/** Every text of a catalogue by its path; functions are called with words that can be found again. */
function texts(catalogue: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(catalogue)) {
    const name = `${path}${key}`;
    const whole: unknown = value;
    if (typeof whole === "string") found.set(name, whole);
    else if (typeof whole === "function")
      found.set(name, String(Reflect.apply(whole, undefined, [7, 9])));
    else if (typeof whole === "object" && whole !== null) {
      for (const [inner, text] of texts(whole, `${name}.`)) found.set(inner, text);
    }
  }
  return found;
}

/** Texts that are the same in every language, each with its reason. */
const NAMES: ReadonlySet<string> = new Set([
  // The product's name.
  "appName",
  "titleUnread",
  // Names of protocols.
  "proxy.schemes.http",
  "proxy.schemes.https",
  "proxy.schemes.socks5",
]);

describe("catalogues", () => {
  const english = texts(en);
  const chinese = texts(zhCn);

  test("have the same keys, and a text for each", () => {
    expect([...chinese.keys()].toSorted()).toEqual([...english.keys()].toSorted());
    expect([...english, ...chinese].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  test("a text with a parameter shows it in both", () => {
    const withNumber = (catalogue: ReadonlyMap<string, string>): readonly string[] =>
      [...catalogue].filter(([, text]) => text.includes("7")).map(([key]) => key);
    expect(withNumber(chinese).toSorted()).toEqual(withNumber(english).toSorted());
  });

  test("Chinese is translated: what equals English is a name", () => {
    const same = [...english].filter(([key, text]) => chinese.get(key) === text);
    expect(same.map(([key]) => key).filter((key) => !NAMES.has(key))).toEqual([]);
    // Words without one Chinese character are not Chinese, were they other than the English ones.
    const foreign = [...chinese].filter(
      ([, text]) => /\p{Script=Latin}{2}/u.test(text) && !/\p{Script=Han}/u.test(text),
    );
    expect(foreign.map(([key]) => key).filter((key) => !NAMES.has(key))).toEqual([]);
  });

  test("plurals follow the language", () => {
    expect(en.sidebar.unread(1)).toBe("1 unread message");
    expect(en.sidebar.unread(1200)).toBe("1,200 unread messages");
    expect(zhCn.sidebar.unread(1)).toBe("1 条未读消息");
  });
});

describe("format", () => {
  const now = new Date(2026, 4, 4, 12, 0).getTime();
  const day = 86_400_000;

  test("days by their distance", () => {
    const format = createFormat("en", en);
    expect(format.day(now, now)).toBe("Today");
    expect(format.day(now - 12.5 * 3_600_000, now)).toBe("Yesterday");
    expect(format.day(now - 3 * day, now)).toBe("Friday");
    expect(format.day(now - 30 * day, now)).toContain("April");
    expect(format.day(now - 400 * day, now)).toContain("2025");
    // A clock that runs ahead gets a date, not a weekday of the past.
    expect(format.day(now + 2 * day, now)).toContain("May");
  });

  test("durations and distances, in both languages", () => {
    const format = createFormat("en", en);
    const chinese = createFormat("zh-CN", zhCn);
    expect(format.duration(1.44)).toBe("1.4 ms");
    expect(format.duration(38.2)).toBe("38 ms");
    expect(format.duration(1400)).toBe("1.4 s");
    expect(format.ago(now - 5_000, now)).toBe("just now");
    expect(format.ago(now + 5_000, now)).toBe("just now");
    expect(format.ago(now - 5 * 60_000, now)).toBe("5 minutes ago");
    expect(chinese.ago(now - 5 * 60_000, now)).toBe("5分钟前");
    expect(chinese.day(now, now)).toBe("今天");
  });
});

test("the language follows the person's order", () => {
  expect(matchLanguage(["zh-TW", "en"])).toBe("zh-CN");
  expect(matchLanguage(["sv-SE", "en-GB", "zh"])).toBe("en");
  expect(matchLanguage(["sv-SE"])).toBe("en");
});
