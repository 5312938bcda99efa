/** What survives a window, and one account in two of them. */
import { expect, test } from "../support/fixtures.ts";
import { befriend, PASSWORD } from "../support/person.ts";

test("a second window waits; 'use here' moves the account and pauses the first", async ({
  ada,
  bob,
  server,
}) => {
  await befriend(ada, bob);
  await ada.say("bob", "from the first window");
  await bob.reads("from the first window");

  const second = await ada.page.context().newPage();
  await second.goto(server.address);
  await expect(second.getByTestId("other-window")).toBeVisible();
  await second.getByRole("button", { name: "Use here" }).click();
  await expect(second.getByTestId("main-screen")).toBeVisible();
  await expect(ada.page.getByTestId("other-window")).toBeVisible();

  // Its history, its session and its place in the conversation came along.
  await second.getByTestId("conversation-row").getByRole("button").first().click();
  await expect(second.getByTestId("message-text")).toHaveText("from the first window");
  await second.getByTestId("composer").fill("from the second window");
  await second.getByTestId("composer").press("Enter");
  await bob.reads("from the second window");

  // And back again, while messages come in.
  await ada.page.getByRole("button", { name: "Use here" }).click();
  await ada.seesHome();
  await expect(second.getByTestId("other-window")).toBeVisible();
  await bob.say("ada", "which window is it now?");
  await ada.open("bob");
  await ada.reads("which window is it now?");
  await ada.say("bob", "the first");
  await bob.reads("the first");
  await expect(ada.page.getByTestId("message")).toHaveCount(4);
});

test("the first window may just be closed; a reload keeps the account", async ({ ada, server }) => {
  const second = await ada.page.context().newPage();
  await second.goto(server.address);
  await expect(second.getByTestId("other-window")).toBeVisible();
  await ada.page.close();
  await second.reload();
  await expect(second.getByTestId("main-screen")).toBeVisible();
  await second.reload();
  await expect(second.getByTestId("main-screen")).toBeVisible();
});

test("signing in by password takes the account from the other window", async ({ ada, server }) => {
  const second = await ada.page.context().newPage();
  await second.goto(server.address);
  // As a window that never had the account: what is remembered is gone, the form comes.
  await second.evaluate(() => localStorage.clear());
  await second.reload();
  await second.getByLabel("User name").fill("ada");
  await second.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await second.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(second.getByTestId("main-screen")).toBeVisible();
  await expect(ada.page.getByTestId("other-window")).toBeVisible();
});

test("a draft waits for the next window, until it is sent", async ({ ada, bob, server }) => {
  await befriend(ada, bob);
  await ada.composer("bob").fill("half a thought");
  await ada.leave();
  const back = await ada.comeBack(server.address);
  await back.open("bob");
  await expect(back.composer("bob")).toHaveValue("half a thought");
  await back.composer("bob").press("Enter");
  await bob.reads("half a thought");
  await back.page.reload();
  await back.open("bob");
  await expect(back.composer("bob")).toHaveValue("");
});

test("language, theme, text size and movement are remembered, signed in or not", async ({
  ada,
  server,
}) => {
  const { page } = ada;
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Appearance" }).click();
  await page.getByRole("radio", { name: "Dark", exact: true }).check({ force: true });
  await page.getByRole("radio", { name: "125 %" }).check({ force: true });
  await page.getByRole("radio", { name: "Reduced" }).check({ force: true });
  await page.getByRole("radio", { name: "简体中文" }).check({ force: true });
  await expect(page.getByRole("dialog", { name: "设置" })).toBeVisible();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(page.locator("html")).toHaveAttribute("data-scheme", "dark");
  await expect(page.locator("html")).toHaveCSS("--text-scale", "1.25");
  await expect(page.locator("html")).toHaveAttribute("data-motion", "reduce");
  await expect(page.getByTestId("presence-menu")).toHaveCSS("transition-duration", "0s");
  await expect(page.getByTestId("main-screen")).toBeVisible();

  const stranger = await ada.page.context().browser()?.newContext({ locale: "en-GB" });
  const form = await stranger?.newPage();
  if (stranger === undefined || form === undefined) throw new Error("no browser");
  await form.goto(server.address);
  await form.getByRole("button", { name: "简体中文" }).click();
  await form.reload();
  await expect(form.getByLabel("用户名")).toBeVisible();
  await stranger.close();
});
