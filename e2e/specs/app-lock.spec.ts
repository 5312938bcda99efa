/** A passphrase before the window. */
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend, PASSWORD } from "../support/person.ts";
import { administer } from "../support/rendezvous-process.ts";

test("locked, nothing is shown while messages arrive; guessing costs time, also after a restart", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  const { page } = ada;
  await bob.say("ada", "before the lock");
  await ada.reads("before the lock");

  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "App lock", exact: true }).click();
  await page.getByRole("button", { name: "Set a passphrase" }).click();
  await page.getByLabel("Passphrase", { exact: true }).fill("honey");
  await page.getByLabel("Passphrase again").fill("money");
  await page.getByRole("button", { name: "Set a passphrase" }).click();
  await expect(page.getByText("The two are not the same.")).toBeVisible();
  await page.getByLabel("Passphrase again").fill("honey");
  await accessible(page, "setting a passphrase");
  await page.getByRole("button", { name: "Set a passphrase" }).click();
  await expect(page.getByRole("button", { name: "Lock now" })).toBeVisible();
  await page.getByRole("radio", { name: "After 5 minutes" }).check({ force: true });
  await accessible(page, "app lock");
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+Shift+L");
  const lock = page.getByTestId("lock-screen");
  await expect(lock).toBeVisible();
  await expect(page.getByLabel("Passphrase")).toBeFocused();
  await accessible(page, "locked");
  await nothingOverflows(page, "locked");

  // What arrives is delivered and counted, and nothing of it is in the page.
  await bob.say("ada", "behind the lock");
  await bob.expectDelivery("behind the lock", "delivered");
  await expect(page).toHaveTitle("(1) Beeline");
  const html = await page.content();
  for (const secret of ["before the lock", "behind the lock", "Bob"]) {
    expect(html).not.toContain(secret);
  }

  // Guessing, and starting anew in between.
  const guess = async (passphrase: string): Promise<void> => {
    await page.getByLabel("Passphrase").fill(passphrase);
    await page.keyboard.press("Enter");
  };
  for (const wrong of ["one", "two"]) {
    await guess(wrong);
    await expect(page.getByText("This is not the passphrase.")).toBeVisible();
  }
  await guess("three");
  await expect(page.getByText(/Too many attempts/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/Too many attempts/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Unlock" })).toBeEnabled();
  await guess("honey");
  await expect(page.getByTestId("main-screen")).toBeVisible();
  await ada.open("bob");
  await ada.reads("behind the lock");

  // Five minutes without a key.
  await page.clock.install();
  await page.reload();
  await expect(lock).toBeVisible();
  await guess("honey");
  await expect(page.getByTestId("main-screen")).toBeVisible();
  await page.clock.fastForward("05:06");
  await expect(lock).toBeVisible();
});

test("a forgotten passphrase costs what is on this device, and not the account; so does an account that is removed", async ({
  ada,
  bob,
  server,
}) => {
  await befriend(ada, bob);
  const { page } = ada;
  await bob.say("ada", "a secret");
  await ada.reads("a secret");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "App lock", exact: true }).click();
  await page.getByRole("button", { name: "Set a passphrase" }).click();
  await page.getByLabel("Passphrase", { exact: true }).fill("1234");
  await page.getByLabel("Passphrase again").fill("1234");
  await page.getByRole("button", { name: "Set a passphrase" }).click();
  await page.getByRole("button", { name: "Lock now" }).click();
  await page.getByRole("button", { name: "Forgotten the passphrase?" }).click();
  await accessible(page, "forgotten passphrase");
  await page.getByRole("button", { name: "Sign out and delete" }).click();
  await expect(page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  const signIn = async (): Promise<void> => {
    await page.getByLabel("User name").fill("ada");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await ada.seesHome();
    await ada.open("bob");
  };
  await signIn();
  await bob.say("ada", "another secret");
  await ada.reads("another secret");
  await expect(ada.message("a secret")).toHaveCount(0);

  // The server ends the session: what is here can go without it.
  await administer(server.dataFolder, ["user", "disable", "ada"]);
  await page.getByRole("button", { name: "Sign in again" }).click();
  await administer(server.dataFolder, ["user", "enable", "ada"]);
  await page.getByRole("button", { name: "Remove this account from this device" }).click();
  const remove = page.getByRole("dialog", { name: "Remove ada from this device?" });
  await remove.getByRole("switch").check({ force: true });
  await expect(remove).toContainText("What is here of it cannot be brought back.");
  await accessible(page, "removing an account");
  await remove.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByLabel("User name")).toHaveValue("");
  await signIn();
  await bob.say("ada", "the last one");
  await ada.reads("the last one");
  await expect(ada.message("another secret")).toHaveCount(0);
});
