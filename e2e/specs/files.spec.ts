import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { card, pick, saved, send, sha256, sheet } from "../support/file-actions.ts";
import { expect, test } from "../support/fixtures.ts";
import { jpegWithPlace, PLACE, picture } from "../support/made-files.ts";
import { befriend } from "../support/person.ts";

test("a device without room says so, and goes on when there is some", async ({ ada, bob }) => {
  await befriend(ada, bob);
  const bytes = randomBytes(12 * 1024 * 1024);
  await pick(ada, [{ name: "chart.bin", mimeType: "application/octet-stream", buffer: bytes }]);
  await send(ada);
  const there = card(bob.page, "chart.bin");
  await expect(there).toHaveAttribute("data-transfer", "offered");
  // As browsers tell of a full disk; what they are told of a quota they keep only in the long run.
  await bob.page.evaluate(() => {
    const put: unknown = Reflect.get(IDBObjectStore.prototype, "put");
    if (typeof put !== "function") throw new Error("no put");
    const full = function (this: IDBObjectStore, ...args: readonly unknown[]): unknown {
      if (this.name === "pieces" && !document.body.hasAttribute("data-room")) {
        throw new DOMException("there is no room", "QuotaExceededError");
      }
      return Reflect.apply(put, this, args);
    };
    Reflect.set(IDBObjectStore.prototype, "put", full);
  });
  await there.getByTestId("file-fetch").click();
  await expect(there.getByTestId("file-state")).toHaveText(
    "No room left on this device. Free some space and try again.",
  );
  await bob.page.evaluate(() => document.body.setAttribute("data-room", ""));
  await there.getByTestId("file-retry").click();
  await expect(there).toHaveAttribute("data-transfer", "complete");
  expect(sha256((await saved(bob.page, there.getByTestId("file-save"))).bytes)).toBe(sha256(bytes));
});

test("a large file shows its progress, is paused, survives reloads at both ends, and arrives as it was", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.directTo();
  const bytes = randomBytes(48 * 1024 * 1024);
  await pick(ada, [{ name: "survey.bin", mimeType: "application/octet-stream", buffer: bytes }]);
  await send(ada);

  // Too large to come by itself.
  const there = card(bob.page, "survey.bin");
  await expect(there).toHaveAttribute("data-transfer", "offered");
  await there.getByTestId("file-fetch").click();
  await expect(there.getByTestId("file-progress")).toBeVisible();
  await there.getByTestId("file-pause").click();
  await expect(there.getByTestId("file-state")).toContainText("paused");
  await expect(card(ada.page, "survey.bin")).toBeVisible();
  await there.getByTestId("file-resume").click();
  await expect(there.getByTestId("file-state")).toContainText("of 50 MB");

  // From here on another way, in its midst.
  await ada.page.getByRole("button", { name: "Details", exact: true }).click();
  await ada.page.getByRole("radio", { name: "Relay only" }).check();
  await expect(bob.page.getByTestId("link-status")).toHaveAttribute("data-link", "relay");
  await expect(there).not.toHaveAttribute("data-transfer", "failed");

  // Both programs end and begin anew: the sender still has its file, the receiver what it got.
  await Promise.all([ada.page.reload(), bob.page.reload()]);
  await Promise.all([ada.seesHome(), bob.seesHome()]);
  await ada.open("bob");
  await bob.open("ada");
  const again = card(bob.page, "survey.bin");
  await expect(again).toHaveAttribute("data-transfer", "complete", { timeout: 120_000 });
  const got = await saved(bob.page, again.getByTestId("file-save"));
  expect(sha256(got.bytes)).toBe(sha256(bytes));
  await expect(card(ada.page, "survey.bin")).toHaveAttribute("data-transfer", "complete");
});

test("a small file waits for somebody who is away; a large one is offered, and can be given up", async ({
  ada,
  bob,
  server,
}) => {
  await befriend(ada, bob);
  await bob.leave();
  await expect(ada.page.locator(".conversation-presence")).toContainText(/Last seen|Offline/);
  const small = randomBytes(300_000);
  const large = randomBytes(12 * 1024 * 1024);
  await pick(ada, [
    { name: "small.bin", mimeType: "application/octet-stream", buffer: small },
    { name: "large.bin", mimeType: "application/octet-stream", buffer: large },
  ]);
  await send(ada);
  await expect(card(ada.page, "small.bin").first()).toBeVisible();

  const back = await bob.comeBack(server.address);
  await back.open("ada");
  const here = card(back.page, "small.bin");
  await expect(here).toHaveAttribute("data-transfer", "complete");
  expect(sha256((await saved(back.page, here.getByTestId("file-save"))).bytes)).toBe(sha256(small));
  const offered = card(back.page, "large.bin");
  await expect(offered).toHaveAttribute("data-transfer", "offered");
  await offered.getByTestId("file-fetch").click();
  await offered.getByTestId("file-cancel").click();
  await expect(offered).toHaveAttribute("data-transfer", "offered");
  await expect(offered.getByTestId("file-progress")).toHaveCount(0);
});

test("a folder goes as one archive; a photo is answered and taken back; what was downloaded is deleted", async ({
  ada,
  bob,
}, testInfo) => {
  await befriend(ada, bob);
  const folder = testInfo.outputPath("Survey");
  await mkdir(join(folder, "inner"), { recursive: true });
  await writeFile(join(folder, "readme.txt"), "forty-two soundings");
  await writeFile(join(folder, "inner", "depths.csv"), "1;2;3");
  const photo = await picture(ada.page, 320, 200, "image/jpeg");
  await writeFile(join(folder, "inner", "quay.jpg"), jpegWithPlace(photo));
  await ada.page.getByTestId("pick-folder").setInputFiles(folder);
  await expect(sheet(ada.page)).toContainText("3 files");
  await send(ada);
  const archive = card(bob.page, "Survey.zip");
  await expect(archive).toHaveAttribute("data-transfer", "complete");
  const zip = (await saved(bob.page, archive.getByTestId("file-save"))).bytes.toString("latin1");
  for (const part of ["Survey/readme.txt", "forty-two soundings", "Survey/inner/depths.csv"]) {
    expect(zip).toContain(part);
  }
  expect(zip).toContain("Survey/inner/quay.jpg");
  expect(zip).not.toContain(PLACE);

  await pick(ada, [{ name: "buoy.jpg", mimeType: "image/jpeg", buffer: photo }]);
  await send(ada);
  const shown = bob.page
    .getByTestId("message")
    .filter({ has: bob.page.getByTestId("media-picture") });
  await expect(shown.getByRole("img", { name: "buoy.jpg" })).toBeVisible();
  await shown.hover();
  await shown.getByTestId("message-actions").click();
  const save = bob.page.getByRole("button", { name: "Save", exact: true });
  expect((await saved(bob.page, save)).name).toBe("buoy.jpg");
  await shown.hover();
  await shown.getByTestId("message-actions").click();
  await bob.page.getByRole("button", { name: "Reply" }).click();
  await bob.say("ada", "Which one is it?");
  const quote = ada.page.getByTestId("quote");
  await expect(quote).toContainText("Photo");
  await expect(quote.locator("img")).toBeVisible();

  await bob.page.getByRole("button", { name: "Settings" }).click();
  const settings = bob.page.getByRole("dialog", { name: "Settings" });
  await settings.getByRole("button", { name: "Files" }).click();
  await expect(settings.getByTestId("file-usage")).not.toContainText("0 B");
  expect((await new AxeBuilder({ page: bob.page }).analyze()).violations).toEqual([]);
  await settings.getByRole("button", { name: "Delete downloaded files" }).click();
  const sure = bob.page.getByRole("dialog", { name: "Delete downloaded files" });
  await sure.getByRole("button", { name: "Delete downloaded files" }).click();
  await expect(settings.getByTestId("file-usage")).toContainText("0 B");
  await bob.page.keyboard.press("Escape");
  await expect(archive).toHaveAttribute("data-transfer", "offered");
  await archive.getByTestId("file-fetch").click();
  await expect(archive).toHaveAttribute("data-transfer", "complete");

  const own = ada.page
    .getByTestId("message")
    .filter({ has: ada.page.getByTestId("media-picture") });
  await own.hover();
  await own.getByTestId("message-actions").click();
  await ada.page.getByRole("button", { name: "Take back" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
  await expect(bob.page.getByTestId("media-picture")).toHaveCount(0);
});
