/** Groups: three people found one, talk, and change who is in it; a fourth comes by the link. */
import type { Locator, Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend, type Person } from "../support/person.ts";

const NAME = "Night shift";

// Axe reads the new screens whole; beside other work that takes its time.
test.describe.configure({ timeout: 240_000 });

function groupRow({ page }: Person): Locator {
  return page.locator(`[data-testid="conversation-row"][data-group="${NAME}"]`);
}

async function openGroup(person: Person): Promise<void> {
  await person.page.getByRole("tab", { name: /Chats/ }).click();
  await groupRow(person).locator(".row-main").click();
}

async function say(person: Person, text: string): Promise<void> {
  await person.composer(NAME).fill(text);
  await person.composer(NAME).press("Enter");
}

function news({ page }: Person, text: string): Locator {
  return page.getByTestId("news").filter({ hasText: text });
}

function member(page: Page, name: string): Locator {
  return page.locator(`[data-testid="member"][data-user="${name}"]`);
}

async function inMemberMenu(page: Page, name: string, item: string): Promise<void> {
  await member(page, name).getByRole("button").click();
  await page.getByRole("dialog").getByRole("button", { name: item }).click();
}

test("G: founded, written in, read by all, and left by whom it is to be left", async ({
  ada,
  bob,
  arrive,
  server,
}) => {
  const cleo = await arrive("cleo");
  await cleo.register(server.address);
  await befriend(ada, bob);
  await befriend(ada, cleo);

  // Founded by the keyboard: a name, a picture, and people found by their names.
  const { page } = ada;
  await page.getByRole("button", { name: "New group" }).click();
  const founding = page.getByRole("dialog", { name: "New group" });
  await founding.getByRole("button", { name: "Create group" }).click();
  await expect(founding.getByLabel("Name of the group")).toBeFocused();
  await page.keyboard.type(NAME);
  const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 320, height: 200 } });
  await founding
    .getByTestId("pick-group-picture")
    .setInputFiles({ name: "p.png", mimeType: "image/png", buffer: picture });
  await expect(founding.locator(".group-picture img")).toBeVisible();
  const search = founding.getByLabel("Search buddies");
  await search.fill("bo");
  await search.press("Enter");
  await search.fill("cle");
  await search.press("Enter");
  await expect(founding.getByRole("button", { name: "Take Cleo off the list" })).toBeVisible();
  await accessible(page, "new group");
  await founding.getByRole("button", { name: "Create group" }).click();
  await expect(founding).toBeHidden();
  await expect(news(ada, "You started the group with Bob and Cleo")).toBeVisible();

  // Everybody has it, with its name, and reads what is written.
  await openGroup(bob);
  await openGroup(cleo);
  await expect(news(cleo, "Ada started the group with you and Bob")).toBeVisible();
  await expect(cleo.page.locator(".conversation-head")).toContainText("3 members");
  await expect(cleo.page.locator(".conversation-head img")).toBeVisible();
  await say(ada, "Who has the key?");
  await bob.reads("Who has the key?");
  await cleo.reads("Who has the key?");
  await expect(bob.message("Who has the key?")).toContainText("Ada");
  await ada.expectDelivery("Who has the key?", "read");
  await ada.message("Who has the key?").getByTestId("delivery").click();
  await page.getByRole("button", { name: "Message details" }).click();
  await expect(page.getByTestId("members-read")).toContainText("Cleo");
  await expect(page.getByTestId("members-read")).toContainText("Bob");
  await page.keyboard.press("Escape");

  // Somebody who is no buddy is mentioned as well.
  await bob.composer(NAME).pressSequentially("@cle");
  await bob.page.keyboard.press("Enter");
  await bob.page.keyboard.type("has it");
  await bob.page.keyboard.press("Enter");
  await cleo.reads("@Cleo has it");
  await expect(cleo.message("@Cleo has it").locator("mark[data-self]")).toHaveText("@Cleo");
  await ada.reads("@Cleo has it");
  await page.getByRole("tab", { name: /Chats/ }).click();
  await expect(groupRow(ada)).toContainText("Bob: @Cleo has it");
  await accessible(page, "a group");

  // An admin, announcements, and somebody who goes.
  await page.getByRole("button", { name: "Details" }).click();
  await inMemberMenu(page, "bob", "Make admin");
  await expect(member(page, "bob")).toContainText("Admin");
  await page.getByRole("switch", { name: "Announcements only" }).check();
  await expect(cleo.page.getByTestId("composer-closed")).toContainText("Only the group’s admins");
  await expect(bob.composer(NAME)).toBeEditable();
  await page.getByRole("switch", { name: "Announcements only" }).uncheck();
  await expect(cleo.composer(NAME)).toBeEditable();
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = (await page.getByTestId("group-link-text").textContent()) ?? "";
  expect(link).toContain("#group=");
  await accessible(page, "details of a group");
  await inMemberMenu(page, "cleo", "Remove from the group");
  await page.getByRole("dialog").getByRole("button", { name: "Remove from the group" }).click();
  await expect(cleo.page.getByTestId("composer-closed")).toContainText("You were removed");
  await expect(news(cleo, "Ada removed you")).toBeVisible();
  await say(ada, "Cleo is gone");
  await bob.reads("Cleo is gone");
  await expect(cleo.message("Cleo is gone")).toHaveCount(0);

  // The link shows the group first, and lets a stranger in.
  const dora = await arrive("dora");
  await dora.register(server.address);
  await dora.page.getByLabel("Search", { exact: true }).fill(link);
  const invitation = dora.page.getByRole("dialog", { name: "Join a group" });
  await expect(invitation).toContainText(NAME);
  await expect(invitation).toContainText("2 members");
  await accessible(dora.page, "an invitation");
  await invitation.getByRole("button", { name: "Join", exact: true }).click();
  await expect(invitation).toBeHidden();
  await expect(news(ada, "Dora joined")).toBeVisible();
  await say(dora, "Good evening");
  await ada.reads("Good evening");
  await bob.reads("Good evening");
  await expect(bob.message("Good evening")).toContainText("Dora");

  // On a narrow window, too.
  await bob.page.setViewportSize({ width: 400, height: 760 });
  await nothingOverflows(bob.page, "a group, narrow");
  await bob.page.getByRole("button", { name: "Details" }).click();
  await expect(bob.page.getByTestId("group-details")).toBeVisible();
  await nothingOverflows(bob.page, "details of a group, narrow");
  await bob.page.getByRole("button", { name: "Leave the group" }).click();
  await bob.page.getByRole("dialog").getByRole("button", { name: "Leave the group" }).click();
  await expect(news(ada, "Bob left the group")).toBeVisible();
});
