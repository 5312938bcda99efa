import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findsAll, needlesOf, rangesOf, searchable } from "./words.ts";

const finds = (text: string, query: string): boolean =>
  findsAll(searchable(text), needlesOf(query));

const marked = (text: string, query: string): readonly string[] =>
  rangesOf(text, needlesOf(query)).map(({ start, end }) => text.slice(start, end));

test.each([
  ["Meet me at the café", "cafe"],
  ["Meet me at the cafe", "CAFÉ"],
  ["Meet me at the cafe", "me at"],
  ["Meet me at the cafe", "caf mee"],
  ["ＦＵＬＬ　ＷＩＤＴＨ", "full wid"],
  ["Die Straße ist lang", "strasse"],
  ["Ὀδυσσεύς", "οδυσσευσ"],
  ["İstanbul'da", "istanbul"],
  ["Привет, мир", "мир"],
  ["مرحبا بالعالم", "مرحبا"],
  ["안녕하세요", "안녕"],
  ["我们明天下午开会", "明"],
  ["我们明天下午开会", "天下"],
  ["我们明天下午开会", "开会明天"],
  ["明天买iPhone手机吧", "iphone"],
  ["明天买iPhone手机吧", "手机 iph"],
  ["カタカナとひらがな", "カナ"],
  ["お誕生日🎂おめでとう", "🎂"],
  ["see https://beeline.example/path", "beeline.example"],
])("HI1: in %j one finds %j", (text, query) => {
  expect(finds(text, query)).toBe(true);
});

test.each([
  ["the theory", "he"],
  ["Meet me at the cafe", "cafes"],
  ["Meet me", "meet you"],
  ["我们明天开会", "后天"],
])("HI1: in %j one does not find %j", (text, query) => {
  expect(finds(text, query)).toBe(false);
});

test("HI1: what has no letters looks for nothing", () => {
  expect(needlesOf(" …?! ")).toEqual([]);
});

test("HI1: what was found is marked as it was written", () => {
  expect(marked("Meet me at the Café, cafeteria", "cafe m")).toEqual(["M", "m", "Café", "cafe"]);
  expect(marked("我们明天下午开会", "明天开会")).toEqual(["明天", "开会"]);
  expect(marked("买iPhone手机", "iphone 手机")).toEqual(["iPhone手机"]);
  expect(marked("👍🏽 ok", "ok")).toEqual(["ok"]);
  expect(marked("🎂 now", "🎂")).toEqual(["🎂"]);
});

test("HI1: any word of a text finds it, and any one or two characters of Chinese", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 8 }),
      (words) => {
        const text = words.join(" ");
        for (const word of words) expect(finds(text, word)).toBe(true);
      },
    ),
  );
  const han = fc.string({
    unit: fc.integer({ min: 0x4e00, max: 0x9fa5 }).map((code) => String.fromCodePoint(code)),
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(han, fc.nat(), fc.integer({ min: 1, max: 2 }), (text, at, length) => {
      const start = at % (text.length - 1);
      expect(finds(text, text.slice(start, start + length))).toBe(true);
    }),
  );
});

test("HI1: whatever is found can be marked", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.nat(), (words, which) => {
      const text = words.join(" ");
      const needles = needlesOf(words[which % words.length] ?? "");
      const ranges = rangesOf(text, needles);
      expect(ranges.length > 0).toBe(needles.length > 0);
      for (const { start, end } of ranges) {
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(text.length);
      }
    }),
  );
});
