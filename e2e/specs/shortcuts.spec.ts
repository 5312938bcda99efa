/** Keys that work anywhere in the window, and links that were opened outside of it. */
import { befriend } from "../support/person.ts";
import { expect, test } from "../support/fixtures.ts";

test("keys lead to conversations, settings and their own list; a dialog has them for itself", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await bob.say("ada", "hello by keyboard");
  const { page } = ada;
  await page.getByRole("tab", { name: /Chats/ }).click();
  await expect(page.getByTestId("conversation-row")).toBeVisible();
  await page.keyboard.press("Alt+ArrowDown");
  await ada.reads("hello by keyboard");

  await page.keyboard.press("ControlOrMeta+/");
  const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(list.getByText("Next conversation")).toBeVisible();
  await page.keyboard.press("ControlOrMeta+,");
  await expect(page.getByRole("dialog")).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await page.keyboard.press("ControlOrMeta+,");
  const settings = page.getByRole("dialog", { name: "Settings" });
  await expect(settings).toBeVisible();
  // There is no desktop around a browser's page.
  await expect(settings.getByRole("button", { name: "Desktop" })).toHaveCount(0);
});

test("an invitation that is opened by somebody who is signed in waits for them", async ({
  ada,
  server,
}) => {
  const { page } = ada;
  const link = `${server.address}/#invite=WXYZ-2345`;
  // The same page with another fragment would not be loaded again.
  await page.goto("about:blank");
  await page.goto(link);
  const dialog = page.getByRole("dialog", { name: "An invitation" });
  await expect(dialog.getByText(server.address)).toBeVisible();
  await expect(dialog.getByText("You are signed in on this server already.")).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(dialog).toBeHidden();
  await ada.seesHome();

  await page.goto("about:blank");
  await page.goto(link);
  await dialog.getByRole("button", { name: "Continue on this server" }).click();
  await expect(page.getByRole("tab", { name: "Create account", selected: true })).toBeVisible();
  await expect(page.getByLabel("Server address")).toHaveValue(server.address);
  // A code is good for whoever sees it: it is not left in the address.
  expect(page.url()).not.toContain("WXYZ");
});
