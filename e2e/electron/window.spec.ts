/** The window itself: where it is, whether it is seen, what becomes of it. Nobody is signed in. */
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "./fixtures.ts";

test("the page is the app's own, under its policy; the window comes back where it was, on a screen", async ({
  launch,
  machine,
}) => {
  const file = join(machine, "data", "settings.json");
  const first = await launch();
  const page = await first.page();
  await expect(page.getByRole("tab", { name: "Sign in" })).toBeVisible();
  // Nothing of Node, no text run as program, no other page's frame.
  expect(await page.evaluate(() => typeof Reflect.get(globalThis, "process"))).toBe("undefined");
  const foreign = await page.evaluate(async () => {
    const refused = new Promise<string>((resolve) => {
      document.addEventListener("securitypolicyviolation", (event) => {
        resolve(event.effectiveDirective);
      });
    });
    const script = document.createElement("script");
    script.textContent = "document.title = 'taken over'";
    document.head.append(script);
    return refused;
  });
  expect(foreign).toBe("script-src-elem");

  const { windows } = await first.look();
  expect(windows).toMatchObject([{ isVisible: true, isFocused: true }]);
  await first.moveWindow([300, 120, 900, 700]);
  // At once: what is set is on the disk all the same.
  await first.quit();

  await using second = await launch();
  await second.page();
  const moved = { x: 300, y: 120, width: 900, height: 700 };
  expect((await second.look()).windows).toMatchObject([moved]);
  await second.quit();

  // The screen on which it was has been taken away.
  const settings = await readFile(file, "utf8");
  await writeFile(file, settings.replace('"x": 300', '"x": 9000'));
  const third = await launch();
  await third.page();
  const [window] = (await third.look()).windows;
  expect(window).toMatchObject({ width: 900, height: 700 });
  expect(window?.x).toBeLessThan(2000);
});

test("a damaged settings file is set aside", async ({ launch, machine }) => {
  const data = join(machine, "data");
  await mkdir(data, { recursive: true });
  await writeFile(join(data, "settings.json"), '{"version": 1, "val');
  const desktop = await launch();
  const page = await desktop.page();
  await expect(page.getByRole("tab", { name: "Sign in" })).toBeVisible();
  expect(await readFile(join(data, "settings.json.damaged"), "utf8")).toBe('{"version": 1, "val');
  expect(await readdir(data)).toContain("settings.json.damaged");
});

test("started in the background it shows no window until it is opened from the tray", async ({
  launch,
}) => {
  const desktop = await launch("--hidden");
  const page = await desktop.page();
  await expect(page.getByRole("tab", { name: "Sign in" })).toBeVisible();
  expect((await desktop.look()).windows).toMatchObject([{ isVisible: false }]);
  await desktop.press("tray", "Open Beeline");
  await expect
    .poll(async () => (await desktop.look()).windows)
    .toMatchObject([{ isVisible: true, isFocused: true }]);

  // Closing leaves it in the tray; a click on the icon brings it back; quitting ends it.
  await desktop.closeWindow();
  await expect
    .poll(async () => (await desktop.look()).windows)
    .toMatchObject([{ isVisible: false }]);
  await desktop.clickTray();
  await expect
    .poll(async () => (await desktop.look()).windows)
    .toMatchObject([{ isVisible: true }]);
  await desktop.press("tray", "Quit Beeline");
  expect(await desktop.ended).toBe(0);
});

test("a page that crashes comes back by itself", async ({ launch }) => {
  const desktop = await launch();
  const page = await desktop.page();
  await expect(page.getByRole("tab", { name: "Sign in" })).toBeVisible();
  const gone = page.waitForEvent("crash");
  await desktop.crashPage();
  await gone;
  await expect.poll(async () => desktop.shows('input[type="password"]')).toBe(true);
});

test("an invitation opens the app, reaches the one that runs, and comes from the system", async ({
  launch,
}) => {
  const link = (port: number): string => `beeline://127.0.0.1:${port}/#invite=WXYZ-2345`;
  const desktop = await launch("--hidden", link(1));
  const page = await desktop.page();
  const address = page.getByLabel("Server address");
  // Whoever opens a link wants to see what comes of it.
  await expect(address).toHaveValue("https://127.0.0.1:1");
  expect((await desktop.look()).windows).toMatchObject([{ isVisible: true }]);

  await desktop.closeWindow();
  expect(await desktop.startAgain([link(2)])).toBe(0);
  await expect(address).toHaveValue("https://127.0.0.1:2");
  await expect
    .poll(async () => (await desktop.look()).windows)
    .toMatchObject([{ isVisible: true }]);

  await desktop.openLink(link(3));
  await expect(address).toHaveValue("https://127.0.0.1:3");
});
