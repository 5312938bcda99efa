/**
 * `npm run screenshots`: the main screens in both themes, two languages and three widths, with two
 * real people on a real server. The pictures go to `e2e/screenshots/`.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright/test";
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

const machine = thisMachine();
const executablePath = findChromium(machine);
if (executablePath === undefined) {
  process.stderr.write(`${NO_CHROMIUM}\n`);
  process.exit(1);
}
await mkdir(folder, { recursive: true });
const data = await mkdtemp(join(tmpdir(), "beeline-screenshots-"));
const browser = await chromium.launch({ executablePath, args: chromiumArgs(machine.isRoot) });
try {
  await using server = await RendezvousProcess.start(data, ["--name", "Harbour office"]);
  await using ada = await Person.arrive(browser, "ada");
  await using bob = await Person.arrive(browser, "bob");
  await using cleo = await Person.arrive(browser, "cleo");
  await ada.page.goto(server.address);
  await ada.page.getByText("Harbour office").first().waitFor();
  await inAllShapes(ada, "sign-in");
  await ada.register(server.address);
  await inAllShapes(ada, "first-screen");
  await bob.register(server.address);
  await cleo.register(server.address);
  await befriend(ada, bob);
  await cleo.addBuddy("ada");
  await ada.directTo();
  for (const [name, text] of TALK) {
    const [from, to] = name === "ada" ? [ada, bob] : [bob, ada];
    await from.say(to.name, text);
    await to.reads(text);
    await from.expectDelivery(text, /delivered|read/);
  }
  await inAllShapes(ada, "conversation");
  await ada.page.getByRole("tab", { name: /Buddies/ }).click();
  await inAllShapes(ada, "buddies");
  await ada.page.getByRole("button", { name: "Settings" }).click();
  await inAllShapes(ada, "settings");
} finally {
  await browser.close();
  await rm(data, { recursive: true, force: true });
}

async function inAllShapes({ page }: Person, name: string): Promise<void> {
  // Nothing of a hover that led here, and nothing half-way through an animation.
  await page.mouse.move(0, 0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await shoot(page, `${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 360, height: 740 });
  await shoot(page, `${name}-narrow`);
  await page.setViewportSize({ width: 2560, height: 1300 });
  await shoot(page, `${name}-wide`);
  await page.setViewportSize({ width: 1180, height: 800 });
}

async function shoot(page: Person["page"], name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
}
