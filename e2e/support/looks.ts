import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "playwright/test";

const WIDTHS = [360, 480, 720, 1024, 1440, 2560];

/**
 * Nothing that axe finds, in the colours and at the size the page has.
 * @param rules those alone; all if left out
 */
export async function accessible(
  page: Page,
  screen: string,
  rules?: readonly string[],
): Promise<void> {
  await settled(page);
  // There are no frames to look into; otherwise it would open a page, which Electron lets nobody.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules === undefined ? axe : axe.withRules([...rules])).analyze();
  const found = violations.map(({ id, nodes }) => {
    return `${screen}: ${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`;
  });
  expect(found).toEqual([]);
}

/** Whatever moves or fades in has come to rest: half-way, every colour is another one. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter((animation) => {
      return animation.effect?.getComputedTiming().endTime !== Infinity;
    });
    // One that is cancelled has ended as well.
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}

/** No sideways scrolling at any width from a phone's to a large screen's. */
export async function nothingOverflows(page: Page, screen: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(overflow, `${screen} at ${width} px`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize({ width: 1180, height: 800 });
}
