/** The buddy list, seen from both sides. */
import type { Locator } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { befriend, type Person } from "../support/person.ts";

const buddiesOf = (person: Person): Promise<void> =>
  person.page.getByRole("tab", { name: /Buddies/ }).click();
const request = (person: Person, from: string): Locator =>
  person.page.locator(`[data-testid="request-row"][data-user="${from}"]`);
const buddy = (person: Person, name: string): Locator =>
  person.page.locator(`[data-testid="buddy-row"][data-user="${name}"]`);
const details = (person: Person): Locator => person.page.getByRole("region", { name: "Details" });

test("a request is declined, asked again and withdrawn", async ({ ada, bob }) => {
  await ada.addBuddy("bob");
  await buddiesOf(ada);
  await buddiesOf(bob);
  await expect(request(ada, "bob")).toBeVisible();
  await request(bob, "ada").getByRole("button", { name: "Decline Ada" }).click();
  await expect(request(bob, "ada")).toHaveCount(0);
  await expect(request(ada, "bob")).toHaveCount(0);

  await ada.addBuddy("bob");
  await expect(request(bob, "ada")).toBeVisible();
  await request(ada, "bob").getByRole("button", { name: "Withdraw the request to Bob" }).click();
  await expect(request(ada, "bob")).toHaveCount(0);
  await expect(request(bob, "ada")).toHaveCount(0);
});

test("what cannot be added is told at the field", async ({ ada }) => {
  const { page } = ada;
  await page.getByRole("button", { name: "Add a buddy" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Add a buddy" });
  const field = dialog.getByLabel("User name").first();
  await field.fill("nobody");
  await dialog.getByRole("button", { name: "Send request" }).click();
  await expect(field).toHaveAccessibleDescription(/Nobody has this user name/);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Add a buddy" }).first()).toBeFocused();
});

test("nickname and group are one's own, and outlive a reload", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.page.getByRole("button", { name: "Details" }).click();
  await details(ada).getByLabel("Nickname").fill("Bobby");
  await details(ada).getByLabel("Group", { exact: true }).fill("Harbour");
  await details(ada).getByRole("button", { name: "Save" }).click();
  await expect(buddy(ada, "bob")).toContainText("Bobby");
  await ada.page.reload();
  await ada.seesHome();
  await buddiesOf(ada);
  await expect(ada.page.getByRole("heading", { name: "Harbour 1 of 1 online" })).toBeVisible();
  await expect(buddy(ada, "bob")).toContainText("Bobby");
  await expect(buddy(bob, "ada")).toContainText("Ada");
});

test("removing asks first, ends it on both sides and keeps the messages", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.say("bob", "still here afterwards");
  await bob.reads("still here afterwards");
  await ada.page.getByRole("button", { name: "Details" }).click();
  await details(ada).getByRole("button", { name: "Remove buddy" }).click();
  const ask = ada.page.getByRole("dialog", { name: "Remove Bob?" });
  await ask.getByRole("button", { name: "Cancel" }).click();
  await expect(buddy(ada, "bob")).toBeVisible();
  await details(ada).getByRole("button", { name: "Remove buddy" }).click();
  await ask.getByRole("button", { name: "Remove" }).click();
  await expect(buddy(ada, "bob")).toHaveCount(0);
  await expect(buddy(bob, "ada")).toHaveCount(0);
  await expect(bob.page.getByTestId("composer-closed")).toBeVisible();
  await ada.reads("still here afterwards");
});

test("blocking silences somebody, and unblocking lets them ask again", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.page.getByRole("button", { name: "Details" }).click();
  await details(ada).getByRole("button", { name: "Block" }).click();
  const ask = ada.page.getByRole("dialog", { name: "Block Bob?" });
  await ask.getByRole("button", { name: "Block" }).click();
  await expect(ada.page.getByTestId("composer-closed")).toContainText("You blocked Bob.");
  await expect(ada.page.getByRole("heading", { name: "Blocked" })).toBeVisible();
  await request(ada, "bob").getByRole("button", { name: "Unblock Bob" }).click();
  await expect(request(ada, "bob")).toHaveCount(0);
});

test("who appears offline is offline for others and still reads them", async ({ ada, bob }) => {
  await befriend(ada, bob);
  const seen = ada.page.locator(".conversation-presence");
  await expect(seen).toContainText("Online");
  await bob.page.getByRole("button", { name: /Change your status/ }).click();
  await bob.page.getByRole("radio", { name: /Appear offline/ }).check({ force: true });
  await expect(seen).toContainText(/Last seen|Offline/);
  await bob.page.keyboard.press("Escape");
  await ada.say("bob", "are you there?");
  await bob.reads("are you there?");
});
