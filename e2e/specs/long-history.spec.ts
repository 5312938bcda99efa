/** A history of years: only what is in sight is drawn, and nobody notices. */
import { expect, test } from "../support/fixtures.ts";
import { fillHistory } from "../support/long-history.ts";

const CHATS = 300;

test("the keyboard and screen readers know all chats of a long list", async ({ ada, server }) => {
  const { page } = ada;
  await fillHistory(page, server.address, { messages: 3_000, conversations: CHATS });
  await page.goto(server.address);
  const rows = page.getByTestId("conversation-row");
  const nth = (place: number) =>
    page.locator(`[aria-posinset="${place}"]`).getByRole("button").first();
  await expect(rows.first()).toBeVisible();
  await expect(page.locator("#sidebar-list").getByRole("listitem").first()).toHaveAttribute(
    "aria-setsize",
    String(CHATS),
  );
  expect(await rows.count()).toBeLessThan(60);

  await nth(1).focus();
  await page.keyboard.press("ArrowDown");
  await expect(nth(2)).toBeFocused();
  await page.keyboard.press("End");
  await expect(nth(CHATS)).toBeFocused();
  await expect(nth(CHATS)).toBeInViewport();
  await page.keyboard.press("ArrowUp");
  await expect(nth(CHATS - 1)).toBeFocused();

  // Out of sight it keeps the keyboard, and goes on from there.
  await rows.last().hover();
  await page.mouse.wheel(0, -100_000);
  await expect(nth(1)).toBeInViewport();
  await page.keyboard.press("ArrowUp");
  await expect(nth(CHATS - 2)).toBeFocused();
  await expect(nth(CHATS - 2)).toBeInViewport();
  await page.keyboard.press("Home");
  await expect(nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("message").last()).toBeVisible();

  // What is found: all chats, whose names have the letter, and messages below them.
  const search = page.getByRole("textbox", { name: "Search", exact: true });
  await search.fill("b");
  const hit = page.getByTestId("hit").first();
  await expect(hit).toBeAttached();
  await expect(nth(1)).toBeVisible();
  await search.press("ArrowDown");
  await expect(nth(1)).toBeFocused();
  await page.keyboard.press("End");
  await expect(nth(CHATS)).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(hit.getByRole("button")).toBeFocused();
});
