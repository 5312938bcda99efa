/** Somebody at the desktop app and somebody in a browser, with a real server between them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { befriend, Person } from "../support/person.ts";
import { appMenu, type Desktop } from "./desktop.ts";
import { Site } from "./site.ts";
import { expect, registerAt, test } from "./fixtures.ts";

test("messages reach a window that nobody sees: notification, badge, answer, mute, and the way back", async ({
  launch,
  server,
  bob,
}) => {
  const desktop = await launch(`--server=${server.address}`);
  const ada = await registerAt(desktop, "ada");
  const refused: string[] = [];
  ada.page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) refused.push(message.text());
  });
  await befriend(ada, bob);
  await ada.say("bob", "from my desk");
  await bob.reads("from my desk");
  expect((await desktop.look()).notifications).toEqual([]);

  await desktop.closeWindow();
  await bob.say("ada", "are you there?");
  await expectNotification(desktop, { title: "Bob", body: "are you there?", hasReply: true });
  await expectUnread(desktop, 1, "Beeline: 1 unread message");
  await desktop.answer("reply on my way");
  await bob.reads("on my way");
  await expectUnread(desktop, 0, "Beeline");

  await bob.say("ada", "see you");
  await expectNotification(desktop, { body: "see you" });
  await desktop.answer("click");
  await ada.reads("see you");
  await expectWindow(desktop, { isVisible: true, isFocused: true });
  // What was read is told no longer.
  await expect.poll(async () => (await desktop.look()).notifications).toEqual([]);
  await expectUnread(desktop, 0, "Beeline");

  await desktop.closeWindow();
  await bob.say("ada", "one more thing");
  await expectNotification(desktop, { body: "one more thing", actions: ["Mute for 1 Hour"] });
  await desktop.answer("action 0");
  await bob.say("ada", "and another");
  // It has arrived, and nothing was shown for it.
  await bob.expectDelivery("and another", "delivered");
  await expectNotification(desktop, { body: "one more thing" });
  // But for who is named in it.
  await bob.say("ada", "ask @Ada, she knows");
  await expectNotification(desktop, { title: "Bob mentioned you", body: "ask @Ada, she knows" });

  // The same program once more, by a link to somebody: the one that runs opens the conversation.
  expect(await desktop.startAgain(["beeline://conversation/bob"])).toBe(0);
  await expectWindow(desktop, { isVisible: true });
  await ada.reads("and another");
  expect(refused).toEqual([]);
});

test("presence from the tray, away while nobody is there, and nothing of that while it is locked", async ({
  launch,
  server,
  bob,
}) => {
  const desktop = await launch(`--server=${server.address}`);
  const ada = await registerAt(desktop, "ada");
  await befriend(ada, bob);

  await desktop.press("tray", "Busy");
  await expectSeen(bob, "Busy");
  await desktop.press("tray", "Online");
  await expectSeen(bob, "Online");
  await desktop.lockScreen();
  await expectSeen(bob, "Away");
  await desktop.unlockScreen();
  await expectSeen(bob, "Online");

  // Six minutes without a key are less than the ten after which one is away, and more than five.
  const { page } = ada;
  await desktop.rest(360);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Desktop", exact: true }).click();
  await page.getByRole("radio", { name: "5 min", exact: true }).check({ force: true });
  await expectSeen(bob, "Away");
  await desktop.rest(0);
  await expectSeen(bob, "Online");

  await page.getByRole("button", { name: "App lock", exact: true }).click();
  await page.getByRole("button", { name: "Set a passphrase" }).click();
  await page.getByLabel("Passphrase", { exact: true }).fill("honey");
  await page.getByLabel("Passphrase again").fill("honey");
  await page.getByRole("button", { name: "Set a passphrase" }).click();
  await page.getByRole("button", { name: "Lock now" }).click();
  const locked = page.getByTestId("lock-screen");
  await expect(locked).toBeVisible();
  const tray = async (): Promise<unknown> =>
    (await desktop.look()).trays[0]?.items.map(({ path }) => path);
  await expect.poll(tray).toEqual(["Open Beeline", "Quit Beeline"]);
  await desktop.press("menu", "File/New Conversation…");
  await desktop.openLink("beeline://conversation/bob");
  await bob.say("ada", "behind the lock");
  await expectNotification(desktop, { title: "Beeline", body: "New message", hasReply: false });
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(locked).toBeVisible();
  // What the link asked for has waited; what the menu did has not.
  await page.getByLabel("Passphrase").fill("honey");
  await page.keyboard.press("Enter");
  await ada.reads("behind the lock");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a page's preview is fetched when asked, by this machine, and from no machine nearby", async ({
  launch,
  server,
  bob,
}) => {
  await using site = await Site.start();
  const desktop = await launch(`--server=${server.address}`, `--test-web=${site.origin}`);
  const ada = await registerAt(desktop, "ada");
  await befriend(ada, bob);
  await bob.say("ada", "read http://news.example/harbour");
  const message = ada.message("read http://news.example/harbour");
  await expect(message).toBeVisible();
  expect(site.asked).toEqual([]);
  await message.getByRole("button", { name: "Show preview of news.example" }).click();
  const card = message.getByTestId("preview");
  await expect(card).toContainText("A harbour <b> for bees");
  await expect(card).toContainText("All about it");
  await expect(card.locator("img")).toHaveJSProperty("naturalWidth", 1);
  expect(site.asked).toEqual(["/harbour", "/picture.png"]);
  await card.getByRole("button", { name: "Hide preview" }).click();
  await expect(card).toHaveCount(0);
  // A browser may not read other sites: it offers nothing.
  await bob.reads("read http://news.example/harbour");
  await expect(bob.page.getByTestId("show-preview")).toHaveCount(0);

  await bob.say("ada", `and ${site.origin}/router`);
  const inside = ada.message(`and ${site.origin}/router`);
  await inside.getByTestId("show-preview").click();
  await expect(inside.getByRole("status")).toHaveText("This page has no preview.");
  expect(site.asked).toHaveLength(2);
});

test("keys are guarded by the system, and open the account after a restart", async ({
  launch,
  server,
  machine,
}) => {
  const desktop = await launch(`--server=${server.address}`);
  test.skip(!(await desktop.hasKeyring()), "this machine has no keyring that guards keys");
  await registerAt(desktop, "ada");
  expect((await desktop.look()).keys).toContain("seal");
  // Not before the page has told who is signed in.
  const settings = join(machine, "data", "settings.json");
  await expect.poll(async () => readFile(settings, "utf8").catch(String)).toContain("accounts");
  await desktop.press("menu", `${appMenu}/Quit Beeline`);
  expect(await desktop.ended).toBe(0);

  const next = await launch();
  await Person.at("ada", await next.page()).seesHome();
  expect((await next.look()).keys).toContain("open");
});

test("links in messages open in the browser, files are saved, and the window stays", async ({
  launch,
  server,
  bob,
}) => {
  const desktop = await launch(`--server=${server.address}`);
  const ada = await registerAt(desktop, "ada");
  await befriend(ada, bob);
  await bob.say("ada", "see https://example.org/map?of=here");
  await ada.page.getByRole("link", { name: "https://example.org/map?of=here" }).click();
  const opened = async (): Promise<unknown> => (await desktop.look()).opened;
  await expect.poll(opened).toEqual(["https://example.org/map?of=here"]);
  // By the pointer's other button: the address, and what is usual for a text.
  const link = ada.page.getByRole("link", { name: "https://example.org/map?of=here" });
  await link.click({ button: "right" });
  const popup = async (): Promise<unknown> => (await desktop.look()).popup.map(({ path }) => path);
  await expect.poll(popup).toContain("Copy Link");
  await desktop.press("popup", "Copy Link");
  const copied = async (): Promise<unknown> =>
    desktop.evaluate(({ clipboard }) => clipboard.readText());
  await expect.poll(copied).toBe("https://example.org/map?of=here");
  await ada.composer("bob").click({ button: "right" });
  await expect.poll(popup).toEqual(["Cut", "Copy", "Paste", "Paste as Plain Text", "Select All"]);

  // A file of the page's own is saved under a name that harms nobody.
  await ada.page.evaluate(() => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["what was said"]));
    link.download = "talk: of today?.txt";
    link.click();
  });
  const saved = async (): Promise<unknown> => (await desktop.look()).saved;
  await expect.poll(saved).toMatchObject([{ proposed: "talk_ of today_.txt" }]);
  const [file] = (await desktop.look()).saved;
  expect(await readFile(file?.path ?? "", "utf8")).toBe("what was said");

  // What runs in the page goes nowhere either.
  await ada.page.evaluate(() => location.assign("https://example.org/elsewhere"));
  await expect.poll(opened).toHaveLength(2);
  await ada.seesHome();
});

type Look = Awaited<ReturnType<Desktop["look"]>>;

async function expectNotification(
  desktop: Desktop,
  shown: Partial<Look["notifications"][number]>,
): Promise<void> {
  const last = async (): Promise<unknown> => (await desktop.look()).notifications.at(-1);
  await expect.poll(last).toMatchObject(shown);
}

async function expectUnread(desktop: Desktop, badge: number, toolTip: string): Promise<void> {
  const seen = async (): Promise<unknown> => {
    const look = await desktop.look();
    return { badge: look.badge, toolTip: look.trays[0]?.toolTip };
  };
  await expect.poll(seen).toEqual({ badge, toolTip });
}

async function expectWindow(
  desktop: Desktop,
  window: Partial<Look["windows"][number]>,
): Promise<void> {
  await expect.poll(async () => (await desktop.look()).windows).toMatchObject([window]);
}

/** What somebody else's list of buddies says of Ada. */
async function expectSeen(by: Person, presence: string): Promise<void> {
  const row = by.page.locator('[data-testid="buddy-row"][data-user="ada"]');
  await expect(row).toContainText(presence);
}
