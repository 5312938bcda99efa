/** Every screen in both themes, at every width. */
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend } from "../support/person.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test(`every screen is accessible and fits, ${colorScheme}`, async ({ arrive, server, bob }) => {
    const ada = await arrive("ada", { colorScheme });
    const { page } = ada;
    // The dark theme differs in its colours alone.
    const dark = colorScheme === "dark";
    const look = async (screen: string, fits = true): Promise<void> => {
      await accessible(page, screen, dark ? ["color-contrast"] : undefined);
      if (fits && !dark) await nothingOverflows(page, screen);
    };
    await page.goto(server.address);
    await expect(page.getByLabel("User name")).toBeVisible();
    await look("sign in");
    await page.getByRole("tab", { name: "Create account" }).click();
    await look("register");

    await ada.register(server.address);
    await look("first screen");

    await page.getByRole("button", { name: "Add a buddy" }).first().click();
    await look("add buddy", false);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);

    await befriend(ada, bob);
    await ada.say("bob", `long ${"w".repeat(600)}`);
    await bob.say("ada", "hello **there** https://example.org/a/rather/long/address?with=query");
    await ada.reads("hello **there** https://example.org/a/rather/long/address?with=query");
    await look("conversation");

    await page.getByRole("button", { name: "Details" }).click();
    await look("details");
    await page.getByRole("button", { name: "Close" }).first().click();

    await page.getByRole("button", { name: /Change your status/ }).click();
    await look("presence menu", false);
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Settings" }).click();
    await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
    await look("settings");
    await page.keyboard.press("Escape");

    await server.stop("SIGKILL");
    await expect(page.getByTestId("connection-banner")).toBeVisible();
    await look("connection banner");
  });
}
