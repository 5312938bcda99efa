/** Every screen in both themes, at every width. */
import type { Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend } from "../support/person.ts";

/** The dark theme differs in its colours alone. */
async function look(page: Page, dark: boolean, screen: string, fits = true): Promise<void> {
  await accessible(page, screen, dark ? ["color-contrast"] : undefined);
  if (fits && !dark) await nothingOverflows(page, screen);
}

// Axe reads every screen whole; beside other work that takes its time.
test.describe.configure({ timeout: 180_000 });

for (const colorScheme of ["light", "dark"] as const) {
  const dark = colorScheme === "dark";

  test(`the way in is accessible and fits, ${colorScheme}`, async ({ arrive, server }) => {
    const ada = await arrive("ada", { colorScheme });
    const { page } = ada;
    await page.goto(server.address);
    await expect(page.getByTestId("server-found")).toBeVisible();
    await look(page, dark, "sign in");
    await page.getByRole("tab", { name: "Create account" }).click();
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByLabel("User name")).toBeFocused();
    await look(page, dark, "register, with errors");
    await ada.register(server.address);
    await look(page, dark, "first screen");
    await page.getByRole("button", { name: "Add a buddy" }).first().click();
    await look(page, dark, "add buddy");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Settings" }).click();
    await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
    for (const section of [
      "Profile",
      "Appearance",
      "Devices",
      "Network",
      "Password",
      "Invite",
      "About",
    ]) {
      await page.getByRole("button", { name: section, exact: true }).click();
      await look(page, dark, section, section === "Appearance");
    }
    const second = await page.context().newPage();
    await second.goto(server.address);
    await expect(second.getByTestId("other-window")).toBeVisible();
    await look(second, dark, "other window");
  });

  test(`a conversation is accessible and fits, ${colorScheme}`, async ({ arrive, server, bob }) => {
    const ada = await arrive("ada", { colorScheme });
    const { page } = ada;
    await ada.register(server.address);
    await befriend(ada, bob);
    await ada.say("bob", `long ${"w".repeat(600)}`);
    await bob.say("ada", "hello **there** https://example.org/a/rather/long/address?with=query");
    await ada.reads("hello there https://example.org/a/rather/long/address?with=query");
    await look(page, dark, "conversation");

    const details = page.getByRole("region", { name: "Details" });
    await page.getByRole("button", { name: "Details" }).click();
    await look(page, dark, "details");
    await details.getByRole("button", { name: "Show the safety number" }).click();
    await expect(page.getByTestId("safety-number")).toBeVisible();
    await look(page, dark, "safety number");
    await page.keyboard.press("Escape");
    await details.getByRole("button", { name: "Check the connection" }).click();
    await expect(page.getByTestId("examination")).toBeVisible({ timeout: 30_000 });
    await look(page, dark, "connection doctor", false);
    await page.keyboard.press("Escape");
    await details.getByRole("button", { name: "Remove buddy" }).click();
    await look(page, dark, "confirmation", false);
    await page.keyboard.press("Escape");
    await details.getByRole("button", { name: "Close" }).click();

    await page.getByRole("button", { name: /Change your status/ }).click();
    await look(page, dark, "presence menu", false);
    await page.keyboard.press("Escape");

    await server.stop("SIGKILL");
    await expect(page.getByTestId("connection-banner")).toBeVisible();
    await ada.say("bob", "queued or direct");
    await look(page, dark, "connection banner");
  });
}
