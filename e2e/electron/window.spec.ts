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

test("a window stays on its own of several screens, and comes back from one that is taken away", async ({
  launch,
  shell,
}) => {
  test.skip(shell === "electron", "the machine has the screens that it has");
  const screens = "--test-screens=0,0,1920,1040;1920,0,1280,1000";
  const place = { x: 2100, y: 100, width: 900, height: 700 };
  const first = await launch(screens);
  await first.page();
  await first.moveWindow([place.x, place.y, place.width, place.height]);
  await first.quit();

  const second = await launch(screens);
  await second.page();
  const windows = async (): Promise<unknown> => (await second.look()).windows;
  expect(await windows()).toMatchObject([place]);
  await second.unplugScreens();
  const middle = { x: (1920 - 900) / 2, y: (1040 - 700) / 2, width: 900, height: 700 };
  expect(await windows()).toMatchObject([middle]);

  // One that is hidden in the tray meanwhile is on a screen when it comes back.
  await second.closeWindow();
  await second.moveWindow([-3000, 100, 900, 700]);
  await second.clickTray();
  await expect.poll(windows).toMatchObject([{ ...middle, isVisible: true }]);
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
  await expect(page.getByText("No Beeline server answers at this address.")).toBeVisible();
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

test("a server that announces itself on the local network is taken by a press", async ({
  launch,
}) => {
  const desktop = await launch();
  const page = await desktop.page();
  await expect(page.getByRole("tab", { name: "Sign in" })).toBeVisible();
  // What the main process would tell, were one near.
  await desktop.evaluate(({ BrowserWindow }) => {
    const found = [{ name: "Harbour office", address: "http://127.0.0.1:2", secure: false }];
    BrowserWindow.getAllWindows()[0]?.webContents.send("beeline:servers-found", found);
  });
  await page.getByTestId("server-near").filter({ hasText: "Harbour office" }).click();
  await expect(page.getByLabel("Server address")).toHaveValue("http://127.0.0.1:2");
});
