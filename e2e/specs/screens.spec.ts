import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { befriend } from "../support/person.ts";

const WIDTHS = [360, 480, 720, 1024, 1440, 2560];

async function accessible(page: Page, screen: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => {
    return `${screen}: ${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`;
  });
  expect(found).toEqual([]);
}

async function nothingOverflows(page: Page, screen: string): Promise<void> {
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

for (const colorScheme of ["light", "dark"] as const) {
  test(`every screen is accessible and fits, ${colorScheme}`, async ({ arrive, server, bob }) => {
    const ada = await arrive("ada", { colorScheme });
    const { page } = ada;
    await page.goto(server.address);
    await expect(page.getByLabel("User name")).toBeVisible();
    await accessible(page, "sign in");
    await nothingOverflows(page, "sign in");
    await page.getByRole("tab", { name: "Create account" }).click();
    await accessible(page, "register");
    await nothingOverflows(page, "register");

    await ada.register(server.address);
    await accessible(page, "first screen");
    await nothingOverflows(page, "first screen");

    await page.getByRole("button", { name: "Add a buddy" }).first().click();
    await accessible(page, "add buddy");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);

    await befriend(ada, bob);
    await ada.say("bob", `long ${"w".repeat(600)}`);
    await bob.say("ada", "hello **there** https://example.org/a/rather/long/address?with=query");
    await ada.reads("hello **there** https://example.org/a/rather/long/address?with=query");
    await accessible(page, "conversation");
    await nothingOverflows(page, "conversation");

    await page.getByRole("button", { name: "Details" }).click();
    await accessible(page, "details");
    await nothingOverflows(page, "details");
    await page.getByRole("button", { name: "Close" }).first().click();

    await page.getByRole("button", { name: /Change your status/ }).click();
    await accessible(page, "presence menu");
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Settings" }).click();
    await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
    await accessible(page, "settings");
    await nothingOverflows(page, "settings");
    await page.keyboard.press("Escape");

    await server.stop("SIGKILL");
    await expect(page.getByTestId("connection-banner")).toBeVisible();
    await accessible(page, "connection banner");
    await nothingOverflows(page, "connection banner");
  });
}

test("the whole way by keyboard alone", async ({ ada, bob }) => {
  await befriend(ada, bob);
  const { page } = ada;
  await ada.composer("bob").focus();
  await page.keyboard.type("typed");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two lines");
  await page.keyboard.press("Enter");
  await expect(bob.page.getByTestId("message")).toContainText("typed\ntwo lines", {
    useInnerText: true,
  });
});

test("Chinese from the first screen on", async ({ arrive, server }) => {
  const lin = await arrive("小林", { locale: "zh-CN" });
  await lin.page.goto(server.address);
  await expect(lin.page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(lin.page.getByLabel("用户名")).toBeVisible();
  await accessible(lin.page, "sign in, Chinese");
  await nothingOverflows(lin.page, "sign in, Chinese");
});
