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
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules === undefined ? axe : axe.withRules([...rules])).analyze();
  const found = violations.map(({ id, nodes }) => {
    return `${screen}: ${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`;
  });
  expect(found).toEqual([]);
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
