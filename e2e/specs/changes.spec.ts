/** What people do to messages that are there: answer, react, edit, take back. */
import type { Locator } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { befriend, type Person } from "../support/person.ts";

/** Opens the actions of a message, by the pointer. */
async function act(person: Person, text: string, action: string): Promise<void> {
  const message = person.message(text);
  await message.hover();
  await message.getByTestId("message-actions").click();
  await person.page
    .getByRole("dialog", { name: "Actions for this message" })
    .getByRole("button", { name: action })
    .click();
}

function recalled({ page }: Person): Locator {
  return page.getByTestId("message").getByText("This message was taken back.");
}

function reactions(person: Person, text: string): Locator {
  return person.message(text).getByTestId("reactions");
}

test("an answer quotes its message; reactions come and go at both ends", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.say("bob", "Lunch at twelve?");
  await bob.reads("Lunch at twelve?");
  await act(bob, "Lunch at twelve?", "React with 🎉");
  await expect(reactions(ada, "Lunch at twelve?")).toHaveText("🎉");
  await act(bob, "Lunch at twelve?", "React with 👍");
  await expect(reactions(ada, "Lunch at twelve?")).toHaveText("👍");
  await reactions(bob, "Lunch at twelve?").getByRole("button").click();
  await expect(reactions(ada, "Lunch at twelve?")).toHaveCount(0);

  await act(bob, "Lunch at twelve?", "Reply");
  await expect(bob.page.getByTestId("composing")).toContainText("Reply to Ada");
  await bob.say("ada", "With pleasure.");
  await expect(bob.page.getByTestId("composing")).toBeHidden();
  await ada.reads("With pleasure.");
  await expect(ada.message("With pleasure.").getByTestId("quote")).toContainText(
    "Lunch at twelve?",
  );
  await bob.page.reload();
  await bob.open("ada");
  const quote = bob.message("With pleasure.").getByTestId("quote");
  await expect(quote).toContainText("Lunch at twelve?");
  await quote.getByRole("button").click();
  await expect(bob.message("Lunch at twelve?").getByTestId("delivery")).toBeFocused();
});

test("an edit by the keyboard alone reaches the other end, and a draft waits meanwhile", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.say("bob", "The tide is at for.");
  await bob.reads("The tide is at for.");
  const composer = ada.composer("bob");
  await composer.press("ArrowUp");
  await expect(composer).toHaveValue("The tide is at for.");
  await composer.fill("The tide is at four.");
  await composer.press("Enter");
  await expect(composer).toHaveValue("");
  await bob.reads("The tide is at four.");
  await expect(bob.message("The tide is at four.").getByTestId("delivery")).toContainText("edited");
  await expect(bob.message("The tide is at for.")).toHaveCount(0);

  await composer.fill("half a thought");
  await act(ada, "The tide is at four.", "Edit");
  await composer.press("Escape");
  await expect(composer).toHaveValue("half a thought");
});

test("what is taken back is gone at both ends, also for who was away and after a reload", async ({
  ada,
  bob,
  server,
}) => {
  await befriend(ada, bob);
  await ada.say("bob", "seen by nobody");
  await bob.reads("seen by nobody");
  await bob.leave();
  await act(ada, "seen by nobody", "Take back");
  await ada.page
    .getByRole("dialog", { name: "Take this message back?" })
    .getByRole("button", { name: "Take back" })
    .click();
  await expect(recalled(ada)).toHaveCount(1);
  const back = await bob.comeBack(server.address);
  await back.open("ada");
  await expect(recalled(back)).toHaveCount(1);
  await expect(back.page.getByText("seen by nobody")).toHaveCount(0);
  await ada.page.reload();
  await ada.open("bob");
  await expect(recalled(ada)).toHaveCount(1);
});

test("one cannot edit or take back what others wrote", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.say("bob", "mine alone");
  await bob.reads("mine alone");
  await bob.message("mine alone").hover();
  await bob.message("mine alone").getByTestId("message-actions").click();
  const actions = bob.page.getByRole("dialog", { name: "Actions for this message" });
  await expect(actions.getByRole("button", { name: "Reply" })).toBeVisible();
  await expect(actions.getByRole("button", { name: "Edit" })).toHaveCount(0);
  await expect(actions.getByRole("button", { name: "Take back" })).toHaveCount(0);
});

test("an emoji is found by its name, put where the caret is, and reacted with", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.composer("bob").fill("From the  with love");
  await ada.composer("bob").evaluate((area: HTMLTextAreaElement) => area.setSelectionRange(9, 9));
  await ada.page.getByTestId("emoji").click();
  const picker = ada.page.getByRole("dialog", { name: "Emoji" });
  await picker.getByRole("searchbox").fill("honeybee");
  await picker.getByRole("button", { name: "honeybee" }).click();
  await expect(ada.composer("bob")).toHaveValue("From the 🐝 with love");
  await ada.composer("bob").press("Enter");
  await bob.reads("From the 🐝 with love");
  await act(bob, "From the 🐝 with love", "Another emoji");
  await bob.page.getByRole("searchbox", { name: "Search emoji" }).fill("sunflower");
  await bob.page.getByRole("searchbox", { name: "Search emoji" }).press("Enter");
  await expect(reactions(ada, "From the 🐝 with love")).toHaveText("🌻");
});
