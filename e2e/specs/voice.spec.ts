import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { befriend, type Person } from "../support/person.ts";

test.use({
  launchOptions: async ({ launchOptions }, use) => {
    // A microphone that beeps, and nobody to ask.
    const fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...fake] });
  },
});

const voices = (page: Page): Locator => page.getByTestId("voice");

async function record({ page }: Person, seconds: number): Promise<void> {
  await page.getByTestId("record").click();
  await expect(page.getByTestId("record-time")).toHaveText(`0:0${seconds}`);
  await page.getByTestId("record-send").click();
  await expect(page.getByTestId("recorder")).toBeHidden();
}

test("voice messages are recorded, thrown away, played one after the other, at any speed", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  // Escape throws it away.
  await ada.page.getByTestId("record").click();
  await expect(ada.page.getByTestId("recorder")).toBeVisible();
  expect((await new AxeBuilder({ page: ada.page }).analyze()).violations).toEqual([]);
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByTestId("recorder")).toBeHidden();
  await expect(voices(ada.page)).toHaveCount(0);

  await record(ada, 2);
  await record(ada, 1);
  await expect(voices(bob.page)).toHaveCount(2);
  const [first, second] = [voices(bob.page).first(), voices(bob.page).last()];
  await expect(first).toHaveAttribute("data-transfer", "complete");
  await expect(second).toHaveAttribute("data-transfer", "complete");
  await expect(first.getByTestId("voice-time")).toHaveText(/0:0[23]/);
  await expect(bob.page.getByText("Not played yet")).toHaveCount(2);

  // The shape moves by keys, and what plays goes on from there.
  const shape = first.getByRole("slider", { name: "Position in the voice message" });
  await shape.press("End");
  await expect(shape).toHaveAttribute("aria-valuenow", /[23]/);
  await shape.press("Home");
  await first.getByTestId("voice-play").click();
  await expect(first).toHaveAttribute("data-playing", "playing");
  await first.getByTestId("voice-rate").click();
  await expect(first.getByRole("button", { name: "Speed 1.5×" })).toBeVisible();
  // The next one by itself, and then silence.
  await expect(second).toHaveAttribute("data-playing", "playing");
  await expect(second).not.toHaveAttribute("data-playing", "playing");
  await expect(bob.page.getByText("Not played yet")).toHaveCount(0);
  expect((await new AxeBuilder({ page: bob.page }).analyze()).violations).toEqual([]);
  await bob.page.getByRole("tab", { name: /Chats/ }).click();
  await expect(bob.page.getByTestId("conversation-row").first()).toContainText("Voice message");
});

test("held, it is sent at once; drawn aside, thrown away; drawn up, it goes on by itself", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  const { mouse } = ada.page;
  const time = ada.page.getByTestId("record-time");
  const hold = async (): Promise<{ x: number; y: number }> => {
    const box = await ada.page.getByTestId("record").boundingBox();
    if (box === null) throw new Error("no button");
    const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await mouse.move(at.x, at.y);
    await mouse.down();
    await expect(time).toHaveText("0:01");
    return at;
  };
  await hold();
  await expect(ada.page.getByText("Slide aside to discard, up to keep talking")).toBeVisible();
  await mouse.up();
  await expect(voices(bob.page)).toHaveCount(1);

  const aside = await hold();
  await mouse.move(aside.x - 120, aside.y, { steps: 4 });
  await expect(ada.page.getByTestId("recorder")).toBeHidden();
  await mouse.up();

  const up = await hold();
  await mouse.move(up.x, up.y - 120, { steps: 4 });
  await mouse.up();
  await expect(time).toHaveText("0:02");
  await ada.page.getByTestId("record-send").click();
  await expect(voices(bob.page)).toHaveCount(2);
  await expect(ada.page.getByTestId("recorder")).toBeHidden();
});

test("without the microphone's permission it says so", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await ada.page.getByTestId("record").click();
  await expect(ada.page.getByText("Beeline may not use the microphone.").first()).toBeVisible();
  await expect(ada.page.getByTestId("recorder")).toBeHidden();
});
