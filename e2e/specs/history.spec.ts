/** What people do with what was said: find it, go there, save it, take it elsewhere, let go of it. */
import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { befriend, PASSWORD, type Person } from "../support/person.ts";

const DAY = 24 * 60 * 60 * 1000;

async function settings({ page }: Person): Promise<Locator> {
  await page.getByRole("button", { name: "Settings" }).click();
  const dialog = page.getByRole("dialog", { name: "Settings" });
  await dialog.getByRole("button", { name: "History" }).click();
  return dialog;
}

async function details({ page }: Person): Promise<Locator> {
  await page.getByRole("button", { name: "Details", exact: true }).click();
  return page.getByTestId("history-details");
}

/** What a press saves, as text or bytes. */
async function saved(page: Page, press: () => Promise<void>): Promise<Buffer> {
  const download = page.waitForEvent("download");
  await press();
  return await readFile(await (await download).path());
}

async function exportAll(person: Person): Promise<string> {
  const dialog = await settings(person);
  await dialog.getByRole("button", { name: "All chats" }).click();
  const window = person.page.getByRole("dialog", { name: "Export" });
  await window.getByText("Data (JSON)").click();
  const text = await saved(person.page, () =>
    window.getByRole("button", { name: "Export", exact: true }).click(),
  );
  await expect(window).toBeHidden();
  await dialog.getByRole("button", { name: "Close" }).first().click();
  return text.toString();
}

/**
 * The same history with many more messages before it, ten a day.
 * @param texts by number; the others say their number
 */
function enlarged(text: string, count: number, texts: ReadonlyMap<number, string>): string {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith('{"type":"message"'));
  const pattern = lines[at] ?? "";
  const order = /"order":"([0-9a-f]{12})/.exec(pattern)?.[1] ?? "";
  const first = Number.parseInt(order, 16) - (count / 10) * DAY;
  const more = Array.from({ length: count }, (_, n) => {
    const time = Math.floor(first + (n / 10) * DAY);
    return pattern
      .replace(/"id":"[^"]+"/, `"id":"history${String(n).padStart(14, "0")}A"`)
      .replace(/"order":"[0-9a-f]{12}/, `"order":"${time.toString(16).padStart(12, "0")}`)
      .replace(/"sentAt":\d+/, `"sentAt":${time}`)
      .replace(/"text":"[^"]*"/, `"text":"${texts.get(n) ?? `number ${n}`}"`);
  });
  return [...lines.slice(0, at), ...more, ...lines.slice(at)].join("\n");
}

async function importText(person: Person, text: string): Promise<void> {
  const dialog = await settings(person);
  const buffer = Buffer.from(text);
  await dialog
    .getByTestId("import-file")
    .setInputFiles({ name: "history.json", mimeType: "application/json", buffer });
}

const toast = ({ page }: Person, text: string): Locator =>
  page.getByTestId("toast").filter({ hasText: text }).first();

test("everything is found while typing, in Chinese too, and shown in its place", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.say("bob", "我们明天下午开会吧");
  await bob.reads("我们明天下午开会吧");
  const text = await exportAll(bob);
  await importText(bob, '{"format":"beeline-history","version":1,"records":[');
  await expect(toast(bob, "This file is no history of Beeline.")).toBeVisible();
  await bob.page.keyboard.press("Escape");

  const cheese = new Map([[300, "Der Käse ist im Kühlschrank"]]);
  await importText(bob, enlarged(text, 600, cheese));
  await expect(toast(bob, "600 messages added, 1 was here already.")).toBeVisible();
  await bob.page.keyboard.press("Escape");
  await expect(bob.page.getByRole("dialog")).toHaveCount(0);

  await bob.page.keyboard.press("Control+k");
  const field = bob.page.getByRole("textbox", { name: "Search", exact: true });
  await expect(field).toBeFocused();
  await field.pressSequentially("kase kühl");
  const hits = bob.page.getByTestId("hit");
  await expect(hits).toHaveCount(1);
  await expect(hits.locator("mark")).toHaveText(["Käse", "Kühl"]);
  // By the keyboard alone.
  await field.press("ArrowDown");
  await expect(hits.getByRole("button")).toBeFocused();
  await bob.page.keyboard.press("Enter");
  await expect(bob.message("Der Käse ist im Kühlschrank")).toBeInViewport();
  await expect(bob.page.getByTestId("to-end")).toBeVisible();

  await field.fill("天下");
  await expect(hits.locator("mark")).toHaveText(["天下"]);
  await hits.getByRole("button").click();
  await expect(bob.message("我们明天下午开会吧")).toBeInViewport();
  // Narrowed to what one wrote oneself, and to what is young.
  await field.fill("number 59");
  await expect(hits).toHaveCount(11);
  const filters = bob.page.getByTestId("filters");
  await filters.getByLabel("When").selectOption("Last 7 days");
  await expect(hits).toHaveCount(10);
  await filters.getByLabel("From").selectOption("Me");
  await expect(bob.page.getByText("No such message")).toBeVisible();
  expect((await new AxeBuilder({ page: bob.page }).analyze()).violations).toEqual([]);
  await filters.getByLabel("From").selectOption("Ada");
  await filters.getByLabel("In", { exact: true }).selectOption("Ada");
  await expect(hits).toHaveCount(10);
  await filters.getByLabel("Kind").selectOption("Files");
  await expect(hits).toHaveCount(0);
  await field.fill("");
  await field.fill("zzz");
  await expect(bob.page.getByText("Nothing found for “zzz”")).toBeVisible();

  // Within the chat: the newest hit first, then back.
  await bob.page.keyboard.press("Control+f");
  const find = bob.page.getByTestId("find");
  await find.getByRole("textbox").fill("number 29");
  await expect(find.getByRole("status")).toHaveText("1 of 11");
  await expect(bob.message("number 299")).toBeInViewport();
  await find.getByRole("textbox").press("Enter");
  await expect(bob.message("number 298")).toBeInViewport();
  await find.getByRole("button", { name: "Newer hit" }).click();
  await expect(bob.message("number 299")).toBeInViewport();
  await find.getByRole("textbox").press("Escape");
  await expect(find).toBeHidden();

  // The day of number 100, fifty days ago.
  const day = new Date(Date.now() - 50 * DAY).toISOString().slice(0, 10);
  const panel = await details(bob);
  await panel.getByLabel("Go to a date").fill(day);
  await panel.getByRole("button", { name: "Go", exact: true }).click();
  // Which of them is the first in sight depends on the time of the day.
  const ofTheDay = bob.page.getByTestId("message-text").filter({ hasText: /^number (9\d|10\d)$/ });
  const inSight = (texts: HTMLElement[]): boolean =>
    texts.some((text) => {
      const { bottom, top } = text.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
  await expect.poll(() => ofTheDay.evaluateAll(inSight)).toBe(true);
});

test("an encrypted backup brings the history to a new computer", async ({
  ada,
  arrive,
  bob,
  server,
}) => {
  await befriend(ada, bob);
  await ada.say("bob", "Take this with you.");
  await bob.reads("Take this with you.");
  const soundings = Buffer.from("soundings");
  await ada.page
    .getByTestId("pick-file")
    .setInputFiles({ name: "chart.txt", mimeType: "text/plain", buffer: soundings });
  await ada.page.getByTestId("send-files").click();
  const file = (page: Page): Locator => page.getByTestId("file-card");
  await expect(file(bob.page)).toHaveAttribute("data-transfer", "complete");
  const dialog = await settings(bob);
  await dialog.getByRole("button", { name: "Save the backup" }).click();
  const window = bob.page.getByRole("dialog", { name: "Backup" });
  await window.getByRole("button", { name: "Make a passphrase for me" }).click();
  const key = (await window.getByTestId("recovery-key").textContent())?.trim() ?? "";
  const buffer = await saved(bob.page, () =>
    window.getByRole("button", { name: "Save the backup" }).click(),
  );
  expect(buffer.includes("Take this")).toBe(false);
  await expect(toast(bob, "2 messages saved in the backup.")).toBeVisible();
  await bob.leave();

  const elsewhere = await arrive("bob");
  await elsewhere.page.goto(server.address);
  await elsewhere.page.getByLabel("User name").fill("bob");
  await elsewhere.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await elsewhere.page.getByRole("button", { name: "Sign in" }).click();
  await elsewhere.seesHome();
  await elsewhere.page.getByRole("button", { name: "Restore a backup" }).click();
  const restore = elsewhere.page.getByRole("dialog", { name: "Restore" });
  const attempt = async (content: Buffer, passphrase: string): Promise<void> => {
    await restore
      .getByTestId("restore-file")
      .setInputFiles({ name: "b", mimeType: "application/octet-stream", buffer: content });
    await restore.getByLabel("Passphrase").fill(passphrase);
    await restore.getByRole("button", { name: "Restore", exact: true }).click();
  };
  await attempt(buffer, "not the passphrase");
  await expect(restore.getByRole("alert")).toHaveText("This passphrase does not open the backup.");
  await attempt(buffer.subarray(0, -10), key);
  await expect(restore.getByRole("alert")).toHaveText("This file is damaged, or not all of it.");
  await attempt(buffer, key);
  await expect(toast(elsewhere, "2 messages added")).toBeVisible();
  await expect(restore).toBeHidden();
  await expect(elsewhere.page.getByRole("button", { name: "Restore a backup" })).toBeHidden();
  await elsewhere.open("ada");
  await elsewhere.reads("Take this with you.");
  // Its content is not in the backup, but where it came from.
  await expect(file(elsewhere.page)).toHaveAttribute("data-transfer", "offered");
  await file(elsewhere.page).getByTestId("file-fetch").click();
  await expect(file(elsewhere.page)).toHaveAttribute("data-transfer", "complete");
  const content = await saved(elsewhere.page, () =>
    file(elsewhere.page).getByTestId("file-save").click(),
  );
  expect(content.toString()).toBe("soundings");
});

test("messages are deleted here alone: one, the old ones, and all", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.say("bob", "first");
  await ada.say("bob", "second");
  await bob.reads("second");
  const text = await exportAll(bob);
  await importText(bob, enlarged(text, 30, new Map([[0, "the oldest"]])));
  await expect(toast(bob, "30 messages added")).toBeVisible();
  await bob.page.keyboard.press("Escape");

  await bob.message("second").hover();
  await bob.message("second").getByTestId("message-actions").click();
  await bob.page.getByRole("button", { name: "Delete for me" }).click();
  await bob.page.getByRole("dialog").getByRole("button", { name: "Delete for me" }).click();
  await expect(bob.message("second")).toHaveCount(0);
  await ada.reads("second");

  const panel = await details(bob);
  await panel.getByLabel("Keep messages on this device").selectOption("1 day");
  await bob.page
    .getByRole("dialog", { name: "Delete older messages?" })
    .getByRole("button", { name: "Delete older messages" })
    .click();
  await expect(bob.message("the oldest")).toHaveCount(0);
  await expect(bob.message("number 29")).toHaveCount(1);
  await expect(panel.getByLabel("Keep messages on this device")).toHaveValue("day");

  await panel.getByRole("button", { name: "Clear this chat" }).click();
  await bob.page
    .getByRole("dialog", { name: "Clear the chat with Ada?" })
    .getByRole("button", { name: "Clear this chat" })
    .click();
  await expect(bob.page.getByTestId("message")).toHaveCount(0);
  await bob.page.reload();
  await bob.open("ada");
  await expect(bob.page.getByTestId("message")).toHaveCount(0);
  // It goes on as if nothing had been.
  await bob.say("ada", "anew");
  await ada.reads("anew");
  await ada.reads("first");
});

test("a chat's pictures, files and links are listed, and exported to read", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await bob.say("ada", "see https://beeline.example/guide <b>&");
  await ada.reads("see https://beeline.example/guide <b>&");
  const panel = await details(bob);
  await panel.getByRole("button", { name: "Media, files and links" }).click();
  const media = bob.page.getByRole("dialog", { name: "Media, files and links" });
  await expect(media.getByText("No images or videos yet")).toBeVisible();
  await media.getByRole("tab", { name: "Images" }).press("ArrowRight");
  await expect(media.getByText("No files yet")).toBeVisible();
  await media.getByRole("tab", { name: "Links" }).click();
  await expect(media.getByTestId("media-link").getByRole("link")).toHaveText(
    "https://beeline.example/guide",
  );
  await media.getByRole("button", { name: "Show in the chat" }).click();
  await expect(media).toBeHidden();

  await ada.page.getByTestId("pick-file").setInputFiles({
    name: "chart.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("soundings at noon"),
  });
  await ada.page.getByTestId("send-files").click();
  await expect(bob.page.getByTestId("file-card")).toHaveAttribute("data-transfer", "complete");
  await panel.getByRole("button", { name: "Export this chat" }).click();
  const window = bob.page.getByRole("dialog", { name: "Export this chat" });
  const zip = await saved(bob.page, () =>
    window.getByRole("button", { name: "Export", exact: true }).click(),
  );
  // What was written stands in it as text: the archive is not compressed.
  expect(zip.includes("&lt;b&gt;&amp;")).toBe(true);
  expect(zip.includes("<b>&")).toBe(false);
  expect(zip.includes("chats/1/1.html")).toBe(true);
  expect(zip.includes("index.html")).toBe(true);
  expect(zip.includes("chart.txt")).toBe(true);
  expect(zip.includes("soundings at noon")).toBe(true);
});
