/** The way to the server, and what is told of updates, in the desktop app. */
import type { Page } from "playwright/test";
import { expect, registerAt, test } from "./fixtures.ts";
import type { Desktop } from "./desktop.ts";

test("a proxy is set, in use at once, and still there after a restart", async ({
  launch,
  server,
}) => {
  const desktop = await launch(`--server=${server.address}`);
  const { page } = await registerAt(desktop, "ada");
  expect(await proxyOf(desktop)).toBe("DIRECT");

  await openConnection(page);
  await page.getByText("Manual", { exact: true }).click();
  await page.getByLabel("Host", { exact: true }).fill("proxy.example.org");
  await page.getByLabel("Port").fill("70000");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("A port is a number from 1 to 65535.")).toBeVisible();
  await page.getByLabel("Port").fill("3128");
  await page.getByLabel("Not for these hosts").fill("*.example.net, 10.0.0.0/8");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByTestId("toast").getByText("The proxy is in use")).toBeVisible();
  expect(await proxyOf(desktop)).toBe("PROXY proxy.example.org:3128");
  await desktop.quit();

  const again = await launch();
  expect(await proxyOf(again, again.page())).toBe("PROXY proxy.example.org:3128");
  const back = await again.page();
  await openConnection(back);
  await expect(back.getByLabel("Not for these hosts")).toHaveValue("*.example.net, 10.0.0.0/8");
  await back.getByText("None", { exact: true }).click();
  await expect(back.getByTestId("toast").getByText("The proxy is in use")).toBeVisible();
  expect(await proxyOf(again)).toBe("DIRECT");

  // A program that was not built with a feed of updates asks nobody for them, and says so.
  await back.getByRole("button", { name: "About", exact: true }).click();
  await expect(back.getByTestId("updates")).toContainText("This build does not look for updates.");
});

test("an update that is ready waits for the person", async ({ launch, server }) => {
  const desktop = await launch(`--server=${server.address}`);
  const { page } = await registerAt(desktop, "ada");
  // What the updater would tell, had this program a feed.
  await desktop.evaluate(({ BrowserWindow }) => {
    const state = { type: "ready", version: "9.9.9" };
    BrowserWindow.getAllWindows()[0]?.webContents.send("beeline:update-state", state);
  });
  const banner = page.getByTestId("update-banner");
  await expect(banner).toContainText("Version 9.9.9 is ready.");
  await expect(banner.getByRole("button", { name: "Restart and update" })).toBeVisible();
  await banner.getByRole("button", { name: "Dismiss" }).click();
  await expect(banner).toHaveCount(0);
});

/** Chromium's answer for some server. @param ready the app has started by then */
async function proxyOf(desktop: Desktop, ready?: Promise<unknown>): Promise<unknown> {
  await ready;
  return desktop.evaluate(({ session }) =>
    session.defaultSession.resolveProxy("https://chat.example.org/"),
  );
}

async function openConnection(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Connection", exact: true }).click();
}
