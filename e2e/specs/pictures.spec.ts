/**
 * The main screens as they were kept in `e2e/screenshots/compared/`, over the scripted engine with a
 * clock that stands still. Where the fonts are those of the machine that made the pictures they are
 * compared point by point; on any machine, where the parts of the screen stand.
 * `npm run screenshots` makes them anew.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { expect, test as base, type Page } from "playwright/test";
import {
  fontsOf,
  layoutDifferences,
  layoutOf,
  looksTheSame,
  pointsThatDiffer,
  type Layout,
} from "../support/picture.ts";
import { PreviewServer } from "../support/preview-server.ts";

const folder = join(import.meta.dirname, "..", "screenshots", "compared");
const WIDTHS = [400, 820, 1280] as const;
const words = {
  en: { settings: "Settings", appearance: "Appearance", details: "Details" },
  "zh-CN": { settings: "设置", appearance: "外观", details: "详细信息" },
} as const;
type Language = keyof typeof words;
const languages: readonly Language[] = ["en", "zh-CN"];

const Kept = v.object({
  /** Of the machine that made the pictures; `fontsOf` says what. */
  fonts: v.string(),
  layouts: v.record(
    v.string(),
    v.record(v.string(), v.tuple([v.number(), v.number(), v.number(), v.number()])),
  ),
});

const test = base.extend<object, { preview: PreviewServer }>({
  preview: [
    // Playwright reads the names of the fixtures from the pattern, so it stays though it is empty.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await using preview = await PreviewServer.start();
      await use(preview);
    },
    { scope: "worker" },
  ],
});
test.use({ timezoneId: "UTC", contextOptions: { reducedMotion: "reduce" } });
// One after the other: they share the file of the layouts.
test.describe.configure({ mode: "serial", timeout: 120_000 });

interface Screen {
  readonly name: string;
  readonly query: string;
  /** What is done before the picture is taken. */
  readonly go: (page: Page, language: Language) => Promise<void>;
}
const openChat = async (page: Page): Promise<void> => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByTestId("conversation-row").first().getByRole("button").first().click();
  await page.getByTestId("message").last().waitFor();
};
const screens: readonly Screen[] = [
  {
    name: "sign-in",
    query: "screen=sign-in",
    go: (page) => page.getByTestId("server-found").waitFor(),
  },
  { name: "conversation", query: "screen=main", go: openChat },
  {
    name: "details",
    query: "screen=main",
    async go(page, language) {
      await openChat(page);
      await page.getByRole("button", { name: words[language].details, exact: true }).click();
    },
  },
  {
    name: "settings",
    query: "screen=main",
    async go(page, language) {
      await page.getByRole("button", { name: words[language].settings, exact: true }).click();
      await page.getByRole("button", { name: words[language].appearance, exact: true }).click();
    },
  },
];
/** One screen in each of the ways that concern styles alone. */
const ways = [
  ["contrast-light", "theme=contrast-light"],
  ["contrast-dark", "theme=contrast-dark"],
  ["mirrored", "theme=light&dir=rtl"],
  ["large-text", "theme=light&text=150"],
] as const;

const seen = new Map<string, { picture: Buffer; layout: Layout }>();
let fonts = "";

test("the screens are taken", async ({ page, preview }) => {
  const open = async (query: string): Promise<void> => {
    await page.goto("about:blank");
    await page.goto(`${preview.page}?${query}`);
    await page.locator("#app > *").first().waitFor();
  };
  await page.clock.setFixedTime("2026-05-04T14:30:00Z");
  for (const { name, query, go } of screens) {
    for (const language of languages) {
      await open(`${query}&language=${language}`);
      await go(page, language);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 800 });
          await take(page, `${name}-${language}-${width}-${colorScheme}`);
        }
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  for (const [name, query] of ways) {
    await open(`screen=main&${query}`);
    await openChat(page);
    await take(page, `conversation-${name}`);
  }
  fonts = await fontsOf(page);
  expect(seen.size).toBe(screens.length * languages.length * 2 * WIDTHS.length + ways.length);
});

test("they are as they were kept", async ({ page }, testInfo) => {
  if (testInfo.config.updateSnapshots === "all") {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const [name, { picture }] of seen) await writeFile(join(folder, `${name}.png`), picture);
    const layouts = Object.fromEntries([...seen].map(([name, { layout }]) => [name, layout]));
    await writeFile(join(folder, "kept.json"), `${JSON.stringify({ fonts, layouts }, null, 1)}\n`);
    return;
  }
  const kept = await readKept();
  const sameFonts = kept.fonts === fonts;
  if (!sameFonts) {
    testInfo.annotations.push({
      type: "layout only",
      description: "This machine has other fonts than the one that made the pictures.",
    });
  }
  expect([...seen.keys()].toSorted()).toEqual(Object.keys(kept.layouts).toSorted());
  const found: string[] = [];
  for (const [name, { picture, layout }] of seen) {
    for (const words of layoutDifferences(kept.layouts[name] ?? {}, layout)) {
      found.push(`${name}: ${words}`);
    }
    if (!sameFonts) continue;
    const share = await pointsThatDiffer(
      page,
      await readFile(join(folder, `${name}.png`)),
      picture,
    );
    if (looksTheSame(share)) continue;
    found.push(`${name}: ${share.toFixed(1)} of a thousand points differ`);
    await testInfo.attach(`${name}.png`, { body: picture, contentType: "image/png" });
  }
  expect(found).toEqual([]);
});

test("a part that moved and a colour that changed are found", async ({ page, preview }) => {
  await page.clock.setFixedTime("2026-05-04T14:30:00Z");
  await page.goto(`${preview.page}?screen=main&theme=light`);
  await openChat(page);
  const name = "conversation-en-1280-light";
  const before = seen.get(name);
  if (before === undefined) throw new Error(`${name} was not taken`);
  const look = async (): Promise<readonly [number, readonly string[]]> => [
    await pointsThatDiffer(page, before.picture, await shot(page)),
    layoutDifferences(before.layout, await layoutOf(page)),
  ];
  const [same, nothing] = await look();
  expect([looksTheSame(same), nothing]).toEqual([true, []]);

  await page.addStyleTag({ content: ".composer-box { margin-block-end: 30px }" });
  const [points, parts] = await look();
  expect(looksTheSame(points)).toBe(false);
  expect(parts.join()).toContain(".composer-box stands at");

  await page.addStyleTag({
    content: ".composer-box { margin-block-end: 0 } :root { --own: #c9f2d8 !important }",
  });
  expect(looksTheSame((await look())[0])).toBe(false);
});

async function take(page: Page, name: string): Promise<void> {
  seen.set(name, { picture: await shot(page), layout: await layoutOf(page) });
}

async function shot(page: Page): Promise<Buffer> {
  await page.mouse.move(0, 0);
  // Sizes are measured in the first frame, places follow in the second.
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
  return page.screenshot({ animations: "disabled", caret: "hide" });
}

async function readKept(): Promise<v.InferOutput<typeof Kept>> {
  return v.parse(Kept, JSON.parse(await readFile(join(folder, "kept.json"), "utf8")));
}
