/** Keyboard, focus, screen readers, and the second language. */
import { expect, test } from "../support/fixtures.ts";
import { accessible, nothingOverflows } from "../support/looks.ts";
import { befriend } from "../support/person.ts";

// Axe reads every screen whole; beside other work that takes its time.
test.describe.configure({ timeout: 180_000 });

test("the whole way by keyboard alone", async ({ ada, bob }) => {
  await befriend(ada, bob);
  const { page } = ada;
  await ada.composer("bob").focus();
  await page.keyboard.type("typed");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two lines");
  await page.keyboard.press("Enter");
  await expect(bob.page.getByTestId("message")).toContainText("typed\ntwo lines", {
    useInnerText: true,
  });
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
  for (const section of ["个人资料", "外观", "通知", "设备", "密码", "关于"]) {
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
