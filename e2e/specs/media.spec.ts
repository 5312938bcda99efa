/** Pictures, films and sounds: how they come in, how they show, and what they do not tell. */
import AxeBuilder from "@axe-core/playwright";
import type { Locator } from "playwright/test";
import { card, pick, saved, send, sheet } from "../support/file-actions.ts";
import { expect, test } from "../support/fixtures.ts";
import {
  film,
  jpegWithPlace,
  movieWithPlace,
  PLACE,
  picture,
  tone,
} from "../support/made-files.ts";
import { befriend } from "../support/person.ts";

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
