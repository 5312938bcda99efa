/**
 * `npm run screenshots`: the screens in both themes, both languages and several widths, with real
 * people on a real server. The pictures go to `e2e/screenshots/`.
 */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright/test";
import { chromiumArgs, findChromium, NO_CHROMIUM, thisMachine } from "./scripts/chromium.ts";
import { befriend, Person } from "./support/person.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";

const folder = join(import.meta.dirname, "screenshots");
const TALK: readonly (readonly ["ada" | "bob", string])[] = [
  ["ada", "Morning! Did the survey boat get in?"],
  ["bob", "An hour ago. All 42 soundings are on the shared drive 🐝"],
  ["ada", "Wonderful. The harbour office asked for them by noon."],
  ["bob", "I'll walk over after coffee. Need anything from the workshop?"],
  ["ada", "The spare antenna, if it's dry. And have a look at https://example.org/tides"],
  ["bob", "Will do. High water is at 14:20, so we have time."],
];

type Shape = "light" | "dark" | "narrow" | "medium" | "wide" | "chinese";
const sizes: Readonly<Record<Shape, { width: number; height: number }>> = {
  light: { width: 1180, height: 800 },
  dark: { width: 1180, height: 800 },
  narrow: { width: 360, height: 740 },
  medium: { width: 720, height: 800 },
  wide: { width: 2560, height: 1300 },
  chinese: { width: 1180, height: 800 },
};

const machine = thisMachine();
const executablePath = findChromium(machine);
if (executablePath === undefined) {
  process.stderr.write(`${NO_CHROMIUM}\n`);
  process.exit(1);
}
await mkdir(folder, { recursive: true });
for (const file of await readdir(folder)) {
  if (file.endsWith(".png")) await rm(join(folder, file));
}
const data = await mkdtemp(join(tmpdir(), "beeline-screenshots-"));
const browser = await chromium.launch({ executablePath, args: chromiumArgs(machine.isRoot) });
try {
  await using server = await RendezvousProcess.start(data, ["--name", "Harbour office"]);
  await using ada = await Person.arrive(browser, "ada", { locale: "en-GB" });
  await using bob = await Person.arrive(browser, "bob", { locale: "en-GB" });
  await using cleo = await Person.arrive(browser, "cleo", { locale: "en-GB" });
  await using dana = await Person.arrive(browser, "dana", { locale: "en-GB", webrtc: false });
  const { page } = ada;

  await page.goto(server.address);
  await page.getByTestId("server-found").waitFor();
  await shoot(ada, "sign-in", ["light", "dark", "narrow", "wide"]);
  await inChinese(ada, () => shoot(ada, "sign-in", ["chinese"]));
  await ada.register(server.address);
  await shoot(ada, "first-screen", ["light", "narrow"]);

  for (const person of [bob, cleo, dana]) await person.register(server.address);
  for (const person of [dana, bob]) await befriend(ada, person);
  await cleo.addBuddy("ada");
  await dana.say("ada", "The crane is free from two o'clock.");
  await ada.directTo();
  for (const [name, text] of TALK) {
    const [from, to] = name === "ada" ? [ada, bob] : [bob, ada];
    await from.say(to.name, text);
    await to.reads(text);
    await from.expectDelivery(text, /delivered|read/);
  }
  await page.getByTestId("request-row").first().waitFor();
  await page.getByRole("tab", { name: /Chats/ }).click();
  await page.getByTestId("toast").first().waitFor({ state: "hidden" });
  await shoot(ada, "conversation", ["light", "dark", "narrow", "medium", "wide"]);

  await page.getByRole("button", { name: "Details" }).click();
  await shoot(ada, "details", ["light", "narrow"]);
  await page.getByRole("button", { name: "Show the safety number" }).click();
  await page.getByTestId("safety-number").waitFor();
  await shoot(ada, "safety-number", ["light", "dark", "narrow"]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Check the connection" }).click();
  await page.getByTestId("examination").waitFor();
  await shoot(ada, "doctor", ["light", "dark", "narrow"]);
  await page.keyboard.press("Escape");
  await page
    .getByRole("region", { name: "Details" })
    .getByRole("button", { name: "Close" })
    .click();

  await page.getByRole("button", { name: "Settings" }).click();
  await shoot(ada, "settings", ["dark", "narrow"]);
  await page.getByRole("button", { name: "Devices", exact: true }).click();
  await shoot(ada, "devices", ["light"]);
  await page.getByRole("button", { name: "Network", exact: true }).click();
  await shoot(ada, "network", ["light", "dark", "narrow"]);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await shoot(ada, "invite", ["dark"]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Add a buddy" }).first().click();
  await shoot(ada, "add-buddy", ["light"]);
  await page.keyboard.press("Escape");

  await ada.open("dana");
  await page.mouse.move(0, 0);
  await shoot(ada, "buddies", ["light"]);
  await page.setViewportSize(sizes.narrow);
  await page.getByRole("button", { name: "Back to the list" }).click();
  await shoot(ada, "buddies", ["narrow"]);
  await page.setViewportSize(sizes.light);
  await ada.open("dana");

  // Every path and every state in one conversation.
  await ada.say("dana", "Good. I'll send the harbour pilot over.");
  await ada.expectDelivery("Good. I'll send the harbour pilot over.", /delivered|read/);
  await dana.leave();
  await page.locator(".conversation-presence", { hasText: /Last seen|Offline/ }).waitFor();
  await ada.say("dana", "He is on his way.");
  await ada.expectPath("He is on his way.", "stored");
  await server.stop("SIGKILL");
  await page.getByTestId("connection-banner").waitFor();
  await ada.say("dana", "And he takes the keys along.");
  await ada.expectDelivery("And he takes the keys along.", "queued");
  await ada.message("He is on his way.").getByTestId("delivery").focus();
  await page.getByRole("tooltip").waitFor();
  await shoot(ada, "offline", ["light"]);
  await page.keyboard.press("Escape");

  await server.start();
  await page.getByTestId("connection-banner").waitFor({ state: "hidden" });
  await ada.open("bob");
  await ada.directTo();
  await page.getByRole("tab", { name: /Chats/ }).click();
  await inChinese(ada, async () => {
    await shoot(ada, "conversation", ["chinese"]);
    await page.getByRole("button", { name: "设置" }).click();
    await shoot(ada, "settings", ["chinese"]);
    await page.keyboard.press("Escape");
  });
} finally {
  await browser.close();
  await rm(data, { recursive: true, force: true });
}

/** Does something with the interface in Chinese; signed in or not. */
async function inChinese({ page }: Person, work: () => Promise<void>): Promise<void> {
  const signedIn = await page.getByTestId("main-screen").isVisible();
  const choose = async (settings: string, section: string, language: string): Promise<void> => {
    if (!signedIn) {
      await page.getByRole("button", { name: language }).click();
      return;
    }
    await page.getByRole("button", { name: settings }).click();
    await page.getByRole("button", { name: section }).click();
    await page.getByText(language, { exact: true }).click();
    await page.keyboard.press("Escape");
  };
  await choose("Settings", "Appearance", "简体中文");
  // The focus went back to the button, with its ring.
  if (signedIn) await page.getByTestId("composer").focus();
  await work();
  await choose("设置", "外观", "English");
}

async function shoot({ page }: Person, name: string, shapes: readonly Shape[]): Promise<void> {
  // Nothing of a hover that led here, and nothing half-way through an animation.
  await page.mouse.move(0, 0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  for (const shape of shapes) {
    await page.emulateMedia({ colorScheme: shape === "dark" ? "dark" : "light" });
    await page.setViewportSize(sizes[shape]);
    await settled(page);
    const path = join(folder, `${name}-${shape}.png`);
    await page.screenshot({ path, animations: "disabled", caret: "hide" });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(sizes.light);
}

/** Two frames: sizes are measured in the first, places follow in the second. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}
