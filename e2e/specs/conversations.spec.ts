/** What people do with their conversations and with single messages, beyond talking. */
import { readFile } from "node:fs/promises";
import type { Locator } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { befriend, type Person } from "../support/person.ts";

function row({ page }: Person, name: string): Locator {
  return page.locator(`[data-testid="conversation-row"][data-user="${name}"]`);
}

async function chats({ page }: Person): Promise<void> {
  await page.getByRole("tab", { name: /Chats/ }).click();
}

/** Does something with a conversation in the list, by the pointer's other button. */
async function inMenu(person: Person, name: string, ...items: readonly string[]): Promise<void> {
  await row(person, name).click({ button: "right" });
  for (const item of items) {
    await person.page.getByRole("dialog").getByRole("button", { name: item }).click();
  }
}

async function act(person: Person, text: string, action: string): Promise<void> {
  await person.message(text).getByTestId("delivery").click();
  await person.page
    .getByRole("dialog", { name: "Actions for this message" })
    .getByRole("button", { name: action })
    .click();
}

test("V1 to V4: a chat is pinned, muted, marked and archived, and comes back when somebody writes", async ({
  ada,
  bob,
  arrive,
  server,
}) => {
  await befriend(ada, bob);
  const cleo = await arrive("cleo");
  await cleo.register(server.address);
  await befriend(ada, cleo);
  await bob.say("ada", "first");
  await cleo.say("ada", "second");
  await chats(ada);
  const rows = ada.page.getByTestId("conversation-row");
  await expect(rows.first()).toHaveAttribute("data-user", "cleo");
  await inMenu(ada, "bob", "Pin to the top");
  await expect(rows.first()).toHaveAttribute("data-user", "bob");

  // By the keyboard alone.
  await row(ada, "bob").getByRole("button").first().focus();
  await ada.page.keyboard.press("Shift+F10");
  const menu = ada.page.getByRole("dialog", { name: "Actions for the chat with Bob" });
  await expect(menu.getByRole("button").first()).toBeFocused();
  await ada.page.keyboard.press("ArrowDown");
  await expect(menu.getByRole("button", { name: "Mark as read" })).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await expect(row(ada, "bob").getByRole("button").first()).toBeFocused();
  await expect(row(ada, "bob").getByTestId("unread")).toHaveCount(0);
  await inMenu(ada, "bob", "Mark as unread");
  await expect(row(ada, "bob").getByTestId("unread")).toHaveText("Marked as unread");
  await ada.page.reload();
  await expect(row(ada, "bob").getByTestId("unread")).toHaveText("Marked as unread");
  await expect(ada.page).toHaveTitle(/\(1\)/);

  // Muted: it counts no more, and stays in the archive when he writes.
  await inMenu(ada, "bob", "Mute…", "For 8 hours");
  await expect(row(ada, "bob").getByText("Muted")).toBeAttached();
  await expect(ada.page).not.toHaveTitle(/\(1\)/);
  await inMenu(ada, "bob", "Archive");
  await expect(row(ada, "bob")).toHaveCount(0);
  await bob.say("ada", "are you there?");
  await bob.expectDelivery("are you there?", /delivered|read/);
  await expect(row(ada, "bob")).toHaveCount(0);
  await ada.page.getByTestId("archive").click();
  await expect(row(ada, "bob")).toContainText("are you there?");
  await inMenu(ada, "bob", "Turn notifications on");
  await bob.say("ada", "hello again");
  await ada.page.getByRole("button", { name: "Back to all chats" }).click();
  await expect(row(ada, "bob")).toContainText("hello again");
});

test("V5: a message and a file are forwarded to somebody chosen by search", async ({
  ada,
  bob,
  arrive,
  server,
}) => {
  await befriend(ada, bob);
  const cleo = await arrive("cleo");
  await cleo.register(server.address);
  await befriend(ada, cleo);
  await ada.open("bob");
  await bob.say("ada", "High water is at 14:20.");
  await ada.reads("High water is at 14:20.");
  await act(ada, "High water is at 14:20.", "Forward");
  const dialog = ada.page.getByRole("dialog", { name: "Forward to" });
  await dialog.getByLabel("Search people and groups").fill("cle");
  await dialog.getByRole("checkbox", { name: "Cleo" }).check();
  await dialog.getByRole("button", { name: "Send to 1 chat" }).click();
  await expect(dialog).toBeHidden();
  await cleo.reads("High water is at 14:20.");
  await expect(cleo.message("High water is at 14:20.").getByTestId("forwarded")).toContainText(
    "Forwarded",
  );

  // A file as well: it goes from who has it now, not from who had it first.
  const file = { name: "tides.csv", mimeType: "text/csv", buffer: Buffer.from("14:20;3.1 m") };
  await bob.page.getByTestId("pick-file").setInputFiles(file);
  await bob.page.getByTestId("send-files").click();
  const card = ({ page }: Person) => page.getByTestId("file-card").filter({ hasText: "tides.csv" });
  await expect(card(ada)).toHaveAttribute("data-transfer", "complete");
  await bob.leave();
  const holder = ada.page.getByTestId("message").filter({ has: card(ada) });
  await holder.getByTestId("delivery").click();
  await ada.page.getByRole("button", { name: "Forward" }).click();
  await dialog.getByRole("checkbox", { name: "Cleo" }).check();
  await dialog.getByRole("button", { name: "Send to 1 chat" }).click();
  await expect(card(cleo)).toHaveAttribute("data-transfer", "complete");
  const download = cleo.page.waitForEvent("download");
  await card(cleo).getByTestId("file-save").click();
  expect(await readFile(await (await download).path(), "utf8")).toBe("14:20;3.1 m");
});

test("V7: what one pins both see, and a press on it goes there, however far back", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.say("bob", "The code of the gate is 4711.");
  await bob.reads("The code of the gate is 4711.");
  await act(bob, "The code of the gate is 4711.", "Pin for everybody");
  await expect(ada.page.getByTestId("pins")).toContainText("The code of the gate is 4711.");
  for (let n = 1; n <= 40; n++) await ada.say("bob", `line ${n}`);
  await ada.reads("line 40");
  await expect(ada.message("The code of the gate is 4711.")).not.toBeInViewport();
  await ada.page.getByRole("button", { name: /Go to the pinned message/ }).click();
  await expect(ada.message("The code of the gate is 4711.")).toBeInViewport();
  await ada.page.getByRole("button", { name: "All pinned messages" }).click();
  const all = ada.page.getByRole("dialog", { name: "All pinned messages" });
  await all.getByRole("button", { name: "Unpin" }).click();
  await expect(bob.page.getByTestId("pins")).toHaveCount(0);
  await expect(ada.page.getByTestId("pins")).toHaveCount(0);
});

test("V6, V8: somebody is mentioned with an @, and is seen to type, unless that is off", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.directTo();
  await bob.directTo();
  await ada.composer("bob").pressSequentially("Hello @bo");
  await expect(bob.page.getByTestId("typing")).toHaveText("Ada is typing…");
  await expect(ada.page.getByRole("option", { name: /Bob/ })).toBeVisible();
  await ada.composer("bob").press("Enter");
  await expect(ada.composer("bob")).toHaveValue("Hello @Bob ");
  await ada.composer("bob").pressSequentially("**again**");
  await ada.composer("bob").press("Enter");
  await bob.reads("Hello @Bob again");
  await expect(bob.page.getByTestId("typing")).toHaveCount(0);
  await expect(bob.message("Hello @Bob again").locator("mark[data-self]")).toHaveText("@Bob");
  await expect(ada.message("Hello @Bob again").locator("mark")).toHaveText("@Bob");

  await bob.page.getByRole("button", { name: "Settings" }).click();
  const settings = bob.page.getByRole("dialog", { name: "Settings" });
  await settings.getByRole("button", { name: "Privacy" }).click();
  await settings.getByRole("switch", { name: "Typing" }).click();
  await settings.getByRole("switch", { name: "Read receipts" }).click();
  await settings.getByRole("button", { name: "Close" }).click();
  await ada.composer("bob").pressSequentially("x");
  // Comes after the typing, by the same way.
  await ada.composer("bob").press("Enter");
  await bob.reads("x");
  await expect(bob.page.getByTestId("typing")).toHaveCount(0);
  await ada.expectDelivery("x", "delivered");
  await bob.say("ada", "I read it, and tell nobody");
  await ada.reads("I read it, and tell nobody");
  await ada.expectDelivery("x", "delivered");
});

test("V4, V9: unread from here survives a reload; the details tell each device and time", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  for (const text of ["one", "two", "three"]) await ada.say("bob", text);
  await bob.reads("three");
  await act(bob, "two", "Unread from here");
  await expect(bob.page.getByTestId("unread-divider")).toBeVisible();
  await chats(bob);
  await expect(row(bob, "ada").getByTestId("unread")).toContainText("2");
  await bob.page.reload();
  await expect(row(bob, "ada").getByTestId("unread")).toContainText("2");
  await row(bob, "ada").getByRole("button").first().click();
  await expect(bob.page.getByTestId("unread-divider")).toBeVisible();
  await expect(row(bob, "ada").getByTestId("unread")).toHaveCount(0);

  await ada.expectDelivery("three", "read");
  await act(bob, "three", "React with 🎉");
  await expect(ada.message("three").getByTestId("reactions")).toHaveText("🎉");
  await act(ada, "three", "Message details");
  const details = ada.page.getByTestId("message-details");
  await expect(details.getByTestId("details-device")).toHaveCount(1);
  await expect(details.getByTestId("details-device")).toContainText("Delivered");
  await expect(details).toContainText("Bob");
});

test("somebody is blocked from the list of chats, and unblocked again", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await bob.say("ada", "buy now!");
  await ada.reads("buy now!");
  await chats(ada);
  await inMenu(ada, "bob", "Block Bob");
  await ada.page
    .getByRole("dialog", { name: "Block Bob?" })
    .getByRole("button", { name: "Block" })
    .click();
  await expect(ada.page.getByTestId("composer-closed")).toBeVisible();
  await inMenu(ada, "bob", "Unblock Bob");
  await expect(ada.page.getByTestId("composer-closed")).not.toContainText("Unblock");
});
