import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import {
  film,
  jpegWithPlace,
  movieWithPlace,
  PLACE,
  picture,
  tone,
} from "../support/made-files.ts";
import { befriend, type Person } from "../support/person.ts";

interface MadeFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const sheet = (page: Page): Locator => page.getByTestId("file-sheet");
const card = (page: Page, name: string): Locator =>
  page.getByTestId("file-card").filter({ hasText: name });

async function pick({ page }: Person, files: readonly MadeFile[]): Promise<void> {
  await page.getByTestId("pick-file").setInputFiles([...files]);
  await expect(sheet(page)).toBeVisible();
}

async function send({ page }: Person): Promise<void> {
  await page.getByTestId("send-files").click();
  await expect(sheet(page)).toBeHidden();
}

/** What the browser saves when somebody presses a file that is here. */
async function saved(page: Page, button: Locator): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent("download");
  await button.click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A drop or a paste, as the browser makes it of files of the system's. */
async function bring(
  target: Locator,
  type: "drop" | "paste",
  name: string,
  mimeType: string,
  bytes: Uint8Array,
): Promise<void> {
  const content = [...bytes];
  await target.evaluate(
    (element, made) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(made.content)], made.name, { type: made.mimeType }));
      if (made.type === "paste") {
        element.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
        );
        return;
      }
      for (const event of ["dragenter", "dragover", "drop"]) {
        element.dispatchEvent(
          new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }),
        );
      }
    },
    { type, name, mimeType, content },
  );
}

test("photos and files go by picker, drop and paste; a photo shows, and tells no place", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  const photo = jpegWithPlace(await picture(ada.page, 320, 200, "image/jpeg"));
  expect(photo.includes(PLACE)).toBe(true);
  const notes = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("high water") };
  await pick(ada, [{ name: "harbour.jpg", mimeType: "image/jpeg", buffer: photo }, notes]);
  expect((await new AxeBuilder({ page: ada.page }).analyze()).violations).toEqual([]);
  await ada.page.getByLabel("Caption").fill("This morning");
  await send(ada);

  const shown = bob.page.getByTestId("media-picture");
  await expect(shown.getByRole("img", { name: "This morning" })).toBeVisible();
  await expect(shown).toHaveAttribute("data-transfer", "complete");
  await shown.getByRole("button", { name: "View This morning" }).click();
  const viewer = bob.page.getByTestId("viewer");
  await expect(viewer).toHaveAccessibleName("Picture 1 of 1");
  const got = await saved(bob.page, viewer.getByTestId("viewer-save"));
  expect(got.name).toBe("harbour.jpg");
  expect(got.bytes.includes(PLACE)).toBe(false);
  expect(got.bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  await bob.page.keyboard.press("Escape");
  await expect(viewer).toBeHidden();

  const text = card(bob.page, "notes.txt");
  await expect(text).toHaveAttribute("data-transfer", "complete");
  expect((await saved(bob.page, text.getByTestId("file-save"))).bytes.toString()).toBe(
    "high water",
  );

  const page = Buffer.from("<script>document.title='run'</script>");
  await bring(ada.page.locator(".conversation"), "drop", "page.html", "text/html", page);
  await send(ada);
  const html = card(bob.page, "page.html");
  await expect(html).toHaveAttribute("data-transfer", "complete");
  expect((await saved(bob.page, html.getByTestId("file-save"))).bytes).toEqual(page);
  expect(await bob.page.title()).not.toContain("run");

  // Beside the conversation nobody takes it, and the browser does not open it in place of the app.
  const refused = await ada.page.getByTestId("sidebar-list").evaluate((element) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.txt"));
    const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    return !element.dispatchEvent(drop);
  });
  expect(refused).toBe(true);
  await expect(sheet(ada.page)).toBeHidden();

  const png = await picture(ada.page, 90, 160, "image/png");
  await bring(ada.composer("bob"), "paste", "image.png", "image/png", png);
  await ada.page.getByLabel("Caption").fill("pasted");
  await ada.page.getByLabel("Caption").press("Enter");
  await expect(bob.page.getByRole("img", { name: "pasted" })).toBeVisible();

  // The other one is found with the arrow keys.
  await bob.page.getByRole("button", { name: "View pasted" }).click();
  await expect(viewer).toHaveAccessibleName("Picture 2 of 2");
  await bob.page.keyboard.press("ArrowLeft");
  await expect(viewer).toHaveAccessibleName("Picture 1 of 2");
  expect((await new AxeBuilder({ page: bob.page }).analyze()).violations).toEqual([]);
  await bob.page.keyboard.press("Escape");
  expect((await new AxeBuilder({ page: bob.page }).analyze()).violations).toEqual([]);
});

test("films and sounds play in place, and tell no place; what cannot be shown or cleaned is said", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  const movie = movieWithPlace();
  await pick(ada, [
    { name: "buoy.webm", mimeType: "video/webm", buffer: await film(ada.page) },
    { name: "bell.wav", mimeType: "audio/wav", buffer: tone(2) },
    { name: "tide.mp4", mimeType: "video/mp4", buffer: movie },
    {
      name: "mast.png",
      mimeType: "image/png",
      buffer: await picture(ada.page, 90, 160, "image/png"),
    },
  ]);
  await expect(ada.page.getByRole("switch", { name: "Keep location data" })).not.toBeChecked();
  await send(ada);

  const shown = bob.page.getByTestId("media-video").first();
  await expect(shown).toHaveAttribute("data-transfer", "complete");
  await expect(shown.locator("img")).toBeVisible();
  await shown.getByRole("button", { name: "Play buoy.webm" }).click();
  const video = shown.locator("video");
  await expect(video).toBeVisible();
  await expect
    .poll(() => video.evaluate((element: HTMLVideoElement) => element.played.length))
    .toBe(1);
  const sound = bob.page.getByTestId("media-audio").locator("audio");
  await expect.poll(() => sound.evaluate((element: HTMLAudioElement) => element.duration)).toBe(2);
  expect((await new AxeBuilder({ page: bob.page }).analyze()).violations).toEqual([]);

  const message = bob.page
    .getByTestId("message")
    .filter({ has: bob.page.getByRole("button", { name: "Play tide.mp4" }) });
  await message.hover();
  await message.getByTestId("message-actions").click();
  const got = await saved(bob.page, bob.page.getByRole("button", { name: "Save", exact: true }));
  expect(got.bytes.includes(PLACE)).toBe(false);
  expect(got.bytes.includes("picture and sound")).toBe(true);
  expect(got.bytes).toHaveLength(movie.length);

  // Neither read nor shown here: the person decides.
  const heic = Buffer.from("\0\0\0\u0018ftypheic, and the rest is missing", "latin1");
  await pick(ada, [{ name: "quay.heic", mimeType: "image/heic", buffer: heic }]);
  await expect(sheet(ada.page)).toContainText("arrive as files");
  await ada.page.getByTestId("send-files").click();
  await expect(sheet(ada.page).getByRole("alert")).toContainText("cannot be removed");
  await ada.page.getByRole("switch", { name: "Keep location data" }).check({ force: true });
  await send(ada);
  await expect(card(bob.page, "quay.heic").getByTestId("file-state")).toContainText("no preview");

  // All of it together, found again.
  await bob.page.getByRole("button", { name: "Details", exact: true }).click();
  await bob.page.getByRole("button", { name: "Media, files and links" }).click();
  const media = bob.page.getByRole("dialog", { name: "Media, files and links" });
  const cells = media.getByTestId("media-image");
  await expect(cells).toHaveCount(3);
  const mast = cells.filter({ has: bob.page.getByRole("button", { name: /^mast.png/ }) });
  await expect
    .poll(() => mast.locator("img").evaluate((image: HTMLImageElement) => image.naturalHeight))
    .toBe(160);
  await media.getByRole("tab", { name: "Files" }).click();
  await expect(media.getByTestId("media-file")).toHaveCount(2);
});

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
