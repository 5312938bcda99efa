/** Keyboard, focus, screen readers, and the second language. */
import type { Locator, Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend, PASSWORD } from "../support/person.ts";

/** Of the settings, in Chinese. */
const SECTIONS = "个人资料 外观 账号 应用锁 通知 隐私 历史记录 文件 设备 网络 密码 邀请 关于".split(
  " ",
);

// Axe reads every screen whole; beside other work that takes its time.
test.describe.configure({ timeout: 180_000 });

/** Presses the key until the focus is where it is to be: what one cannot get to is not there. */
async function reach(page: Page, target: Locator, key = "Tab"): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      // Whoever comes by keyboard sees where they are.
      expect(await target.evaluate((element) => element.matches(":focus-visible"))).toBe(true);
      return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`60 times ${key} and never there`);
}

test("the whole way by keyboard alone", async ({ arrive, server, bob }) => {
  const ada = await arrive("ada");
  const { page } = ada;
  const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
  await page.goto(server.address);
  await expect(page.getByTestId("server-found")).toBeVisible();

  // An account.
  await page.getByLabel("User name").focus();
  await reach(page, page.getByRole("tab", { name: "Create account" }), "Shift+Tab");
  await page.keyboard.press("Enter");
  await reach(page, page.getByLabel("User name"));
  await page.keyboard.type("ada");
  await reach(page, page.getByLabel("Your name"));
  await page.keyboard.type("Ada");
  await reach(page, page.getByLabel("Password", { exact: true }));
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await ada.seesHome();

  // A buddy.
  await reach(page, button("Add a buddy").first());
  await page.keyboard.press("Enter");
  await reach(page, page.getByRole("dialog").getByLabel("User name").first());
  await page.keyboard.type("bob");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(button("Add a buddy").first()).toBeFocused();
  await bob.accept("ada");
  await bob.open("ada");

  // Their conversation, from the list.
  await reach(page, page.getByRole("tab", { name: /Chats/ }));
  await page.keyboard.press("ArrowRight");
  const buddies = page.getByRole("tab", { name: /Buddies/ });
  await expect(buddies).toBeFocused();
  const row = page.locator('[data-testid="buddy-row"][data-user="bob"] button').first();
  await expect(row).toBeVisible();
  await reach(page, row);
  await page.keyboard.press("Enter");
  await reach(page, ada.composer("bob"));
  await page.keyboard.type("typed");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two lines");
  await page.keyboard.press("Enter");
  await expect(bob.page.getByTestId("message")).toContainText("typed\ntwo lines", {
    useInnerText: true,
  });

  // An answer to what comes, and a reaction: up from the text box into the messages.
  await bob.say("ada", "and now you");
  await ada.reads("and now you");
  const message = ada.message("and now you");
  const menu = page.getByRole("dialog", { name: "Actions for this message" });
  const openActions = async (): Promise<void> => {
    await reach(page, page.getByTestId("message").last().getByTestId("delivery"), "Shift+Tab");
    await reach(page, message.getByTestId("delivery"), "ArrowUp");
    await page.keyboard.press("Enter");
    await expect(menu).toBeVisible();
  };
  await openActions();
  await reach(page, menu.getByRole("button", { name: "Reply" }));
  await page.keyboard.press("Enter");
  await expect(ada.composer("bob")).toBeFocused();
  await page.keyboard.type("answered");
  await page.keyboard.press("Enter");
  await bob.reads("answered");
  await openActions();
  await reach(page, menu.getByRole("button", { name: "React with 👍" }));
  await page.keyboard.press("Enter");
  await expect(bob.message("and now you").getByTestId("reactions")).toHaveText("👍");

  // What was said is found, and gone to.
  await page.keyboard.press("ControlOrMeta+k");
  const search = page.getByRole("textbox", { name: "Search", exact: true });
  await expect(search).toBeFocused();
  await page.keyboard.type("two lin");
  const hit = page.getByTestId("hit").getByRole("button");
  await expect(hit).toHaveCount(1);
  await reach(page, hit, "ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("message").first().getByTestId("delivery")).toBeFocused();
  await reach(page, search, "Shift+Tab");
  await page.keyboard.press("Escape");
  await expect(search).toHaveValue("");

  // The settings; the focus comes back to where it was.
  await reach(page, button("Settings"), "Shift+Tab");
  await page.keyboard.press("Enter");
  const settings = page.getByRole("dialog", { name: "Settings" });
  await reach(page, settings.getByRole("button", { name: "Appearance", exact: true }));
  await page.keyboard.press("Enter");
  await reach(page, settings.getByRole("radio", { name: "System" }).first());
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("html")).toHaveAttribute("data-scheme", "dark");
  await page.keyboard.press("Escape");
  await expect(button("Settings")).toBeFocused();
});

test("every screen is accessible in Chinese on a narrow window", async ({
  ada,
  bob,
  arrive,
  server,
}) => {
  const cleo = await arrive("cleo");
  await cleo.register(server.address);
  await cleo.addBuddy("ada");
  await befriend(ada, bob);
  await ada.say("bob", "你好");
  await bob.reads("你好");
  const { page } = ada;
  await page.evaluate(() => localStorage.setItem("beeline:language", '"zh-CN"'));
  await page.setViewportSize({ width: 360, height: 740 });
  await page.reload();
  await ada.seesHome();
  await accessible(page, "chats");
  await page.getByRole("tab", { name: /好友/ }).click();
  await expect(page.getByTestId("request-row")).toBeVisible();
  await accessible(page, "buddies");
  await page.getByRole("button", { name: "添加好友" }).first().click();
  await accessible(page, "add buddy");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "设置" }).click();
  for (const section of SECTIONS) {
    await page.getByRole("button", { name: section, exact: true }).click();
    await accessible(page, section);
  }
  await page.getByRole("button", { name: "个人资料", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "退出登录" }).click();
  await accessible(page, "sign out");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await page.locator('[data-testid="buddy-row"][data-user="bob"] button').click();
  await expect(page.getByTestId("message")).toHaveCount(1);
  await accessible(page, "conversation");
  await page.getByRole("button", { name: "详细信息" }).click();
  await accessible(page, "details");
  await page.keyboard.press("Escape");
  await nothingOverflows(page, "conversation, Chinese");
});

test("the focus goes where one goes, and comes back", async ({ ada, bob }) => {
  await befriend(ada, bob);
  const { page } = ada;
  const details = page.getByRole("button", { name: "Details" });
  await details.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Details" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(details).toBeFocused();

  const status = page.getByRole("button", { name: /Change your status/ });
  await status.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("radio", { name: "Online" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(status).toBeFocused();

  const settings = page.getByRole("button", { name: "Settings" });
  await settings.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Settings" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(settings).toBeFocused();

  // On a narrow window the list comes back with the focus in it; a message is said aloud.
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByRole("button", { name: "Back to the list" }).click();
  await expect(page.getByRole("tab", { name: "Buddies" })).toBeFocused();
  await bob.say("ada", "said aloud");
  await expect(page.getByTestId("announcer")).toHaveText("Bob: said aloud");
});

test("Chinese from the first screen on", async ({ arrive, server }) => {
  const lin = await arrive("小林", { locale: "zh-CN" });
  await lin.page.goto(server.address);
  await expect(lin.page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(lin.page.getByLabel("用户名")).toBeVisible();
  await accessible(lin.page, "sign in, Chinese");
  await nothingOverflows(lin.page, "sign in, Chinese");
});
