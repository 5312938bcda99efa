/** Several accounts at once in one window. */
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend, PASSWORD } from "../support/person.ts";

test("two accounts receive at once, one is shown, and each is signed out alone", async ({
  ada,
  bob,
  server,
}) => {
  await befriend(ada, bob);
  const { page } = ada;
  const account = (name: string) => page.locator(`[data-testid="account"][data-user="${name}"]`);

  // Ada's second account joins beside her first.
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Accounts", exact: true }).click();
  await page.getByRole("button", { name: "Add an account" }).click();
  await page.getByRole("tab", { name: "Create account" }).click();
  await page.getByLabel("User name").fill("countess");
  await page.getByLabel("Your name").fill("Countess");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByTestId("account")).toHaveCount(2);
  await expect(account("countess")).toHaveAttribute("aria-current", "page");
  await expect(page.getByTestId("conversation-row")).toHaveCount(0);
  await accessible(page, "two accounts");
  await nothingOverflows(page, "two accounts");

  // What is for the one that is not shown arrives, is counted, and is there when one goes there.
  await bob.say("ada", "for the first of you");
  await expect(account("ada")).toHaveAccessibleName("Show Ada, 1 unread message");
  await expect(page).toHaveTitle("(1) Beeline");
  await expect(page.getByText("for the first of you")).toHaveCount(0);
  await page.keyboard.press("Alt+1");
  await expect(account("ada")).toHaveAttribute("aria-current", "page");
  await ada.open("bob");
  await ada.reads("for the first of you");
  await expect(page).toHaveTitle("Beeline");

  // Both speak to each other in the same window; their drafts are their own.
  await ada.addBuddy("countess");
  await account("countess").click();
  await ada.accept("ada");
  await ada.open("ada");
  await ada.composer("ada").fill("not sent yet");
  await page.keyboard.press("Alt+1");
  await ada.open("countess");
  await expect(ada.composer("countess")).toHaveValue("");
  await ada.say("countess", "myself to myself");
  await page.keyboard.press("Alt+2");
  await ada.reads("myself to myself");
  await expect(ada.composer("ada")).toHaveValue("not sent yet");

  // A reload brings both back, the one that was shown first.
  await page.reload();
  await expect(account("countess")).toHaveAttribute("aria-current", "page");
  await expect(account("ada")).toHaveAccessibleName(/^Show Ada/);

  // Another window takes one and leaves the other.
  const second = await page.context().newPage();
  await second.goto(server.address);
  await second.getByRole("button", { name: "Use here" }).click();
  await expect(second.getByTestId("main-screen")).toBeVisible();
  await expect(page.getByTestId("other-window")).toBeVisible();
  await account("ada").click();
  await expect(page.getByTestId("main-screen")).toBeVisible();
  await second.close();
  await page.reload();

  // An invitation for one more leads to the form and back again, and leaves both as they are.
  await page.goto("about:blank");
  await page.goto(`${server.address}/#invite=WXYZ-2345`);
  const invitation = page.getByRole("dialog", { name: "An invitation" });
  await expect(invitation.getByText("You are signed in on this server already.")).toBeVisible();
  await invitation.getByRole("button", { name: "Continue on this server" }).click();
  await expect(page.getByRole("tab", { name: "Create account", selected: true })).toBeVisible();
  await expect(page.getByTestId("account")).toHaveCount(2);
  await page.getByRole("button", { name: "Back to my accounts" }).click();

  // Signing one out leaves the other as it is.
  await expect(page.getByTestId("main-screen")).toBeVisible();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Accounts", exact: true }).click();
  await page.getByRole("button", { name: "Sign Countess out" }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByTestId("accounts")).toHaveCount(0);
  await expect(page.getByTestId("main-screen")).toBeVisible();
  await page.reload();
  await ada.open("bob");
  await ada.reads("for the first of you");
});
