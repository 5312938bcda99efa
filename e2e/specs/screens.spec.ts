/** Every screen in both themes, at every width. */
import type { Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend } from "../support/person.ts";

/** By what the system asks for. */
const looks = ["light", "dark", "contrast"] as const;
type Look = (typeof looks)[number];

/** Every rule in the light colours; the others differ in their colours alone (WCAG AA and AAA). */
const rules: Readonly<Record<Look, readonly string[] | undefined>> = {
  light: undefined,
  dark: ["color-contrast"],
  contrast: ["color-contrast-enhanced"],
};

async function look(page: Page, of: Look, screen: string, fits = true): Promise<void> {
  await accessible(page, screen, rules[of]);
  if (fits && of === "light") await nothingOverflows(page, screen);
}

// Axe reads every screen whole; beside other work that takes its time.
test.describe.configure({ timeout: 180_000 });

for (const theme of looks) {
  const colorScheme = theme === "dark" ? "dark" : "light";
  const contrast = theme === "contrast" ? "more" : "no-preference";

  test(`the way in is accessible and fits, ${theme}`, async ({ arrive, server }) => {
    const ada = await arrive("ada", { colorScheme, contrast });
    const { page } = ada;
    await page.goto(server.address);
    await expect(page.getByTestId("server-found")).toBeVisible();
    await look(page, theme, "sign in");
    await page.getByRole("tab", { name: "Create account" }).click();
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByLabel("User name")).toBeFocused();
    await look(page, theme, "register, with errors");
    await ada.register(server.address);
    await look(page, theme, "first screen");
    await page.getByRole("button", { name: "Add a buddy" }).first().click();
    await look(page, theme, "add buddy");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Settings" }).click();
    await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
    for (const section of [
      "Profile",
      "Appearance",
      "Accounts",
      "App lock",
      "Notifications",
      "Privacy",
      "History",
      "Files",
      "Devices",
      "Network",
      "Password",
      "Invite",
      "About",
    ]) {
      await page.getByRole("button", { name: section, exact: true }).click();
      await look(page, theme, section, section === "Appearance");
    }
    await page.getByRole("button", { name: "History", exact: true }).click();
    await page.getByRole("button", { name: "Save the backup" }).click();
    await page.getByRole("button", { name: "Make a passphrase for me" }).click();
    await look(page, theme, "backup", false);
    await page.keyboard.press("Escape");
    const second = await page.context().newPage();
    await second.goto(server.address);
    await expect(second.getByTestId("other-window")).toBeVisible();
    await look(second, theme, "other window");
  });

  test(`a conversation is accessible and fits, ${theme}`, async ({ arrive, server, bob }) => {
    const ada = await arrive("ada", { colorScheme, contrast });
    const { page } = ada;
    await ada.register(server.address);
    await befriend(ada, bob);
    await ada.say("bob", `long ${"w".repeat(600)}`);
    await bob.say("ada", "hello **there** https://example.org/a/rather/long/address?with=query");
    await ada.reads("hello there https://example.org/a/rather/long/address?with=query");
    await look(page, theme, "conversation");
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByRole("textbox", { name: "Search", exact: true }).fill("hel");
    await expect(page.getByTestId("hit")).toHaveCount(1);
    await look(page, theme, "search");
    await page.keyboard.press("Escape");
    await page.keyboard.press("ControlOrMeta+f");
    await page.getByTestId("find").getByRole("textbox").fill("hel");
    await expect(page.getByTestId("find").getByRole("status")).toHaveText("1 of 1");
    await look(page, theme, "search in the chat");
    await page.keyboard.press("Escape");
    const said = ada.message("hello there https://example.org/a/rather/long/address?with=query");
    for (const [action, dialog] of [
      ["Message details", "Message details"],
      ["Forward", "Forward to"],
      ["Another emoji", "Emoji"],
    ] as const) {
      await said.getByTestId("delivery").click();
      await look(page, theme, "actions of a message", false);
      await page.getByRole("button", { name: action }).click();
      await expect(page.getByRole("dialog", { name: dialog })).toBeVisible();
      await look(page, theme, dialog, false);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toHaveCount(0);
    }

    const details = page.getByRole("region", { name: "Details" });
    await page.getByRole("button", { name: "Details" }).click();
    await look(page, theme, "details");
    await details.getByRole("button", { name: "Media, files and links" }).click();
    await page.getByRole("tab", { name: "Links" }).click();
    await look(page, theme, "media, files and links", false);
    await page.keyboard.press("Escape");
    await details.getByRole("button", { name: "Show the safety number" }).click();
    await expect(page.getByTestId("safety-number")).toBeVisible();
    await look(page, theme, "safety number");
    await page.keyboard.press("Escape");
    await details.getByRole("button", { name: "Check the connection" }).click();
    await expect(page.getByTestId("examination")).toBeVisible({ timeout: 30_000 });
    await look(page, theme, "connection doctor", false);
    await page.keyboard.press("Escape");
    await details.getByRole("button", { name: "Remove buddy" }).click();
    await look(page, theme, "confirmation", false);
    await page.keyboard.press("Escape");
    await details.getByRole("button", { name: "Close" }).click();

    await page.getByRole("button", { name: /Change your status/ }).click();
    await look(page, theme, "presence menu", false);
    await page.keyboard.press("Escape");

    await server.stop("SIGKILL");
    await expect(page.getByTestId("connection-banner")).toBeVisible();
    await ada.say("bob", "queued or direct");
    await look(page, theme, "connection banner");
  });
}
