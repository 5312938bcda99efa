/** The desktop app's page under the shell's own policy and bridge, in a browser for want of Electron. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "playwright/test";
import { ORIGIN, serve } from "../../app/main/scheme.ts";
import type { BeelineBridge } from "../../app/preload/bridge.ts";

const renderer = join(import.meta.dirname, "..", "..", "dist", "renderer");
/** Stands for `app://beeline`: as secure, and nothing listens there. */
const HOST = "http://localhost:1";

test("the page keeps the shell's content security policy and takes the bridge", async ({
  page,
}) => {
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) refused.push(message.text());
  });
  page.on("pageerror", (error) => refused.push(error.message));
  await page.route(`${HOST}/**`, async (route) => {
    const request = route.request();
    const url = request.url().replace(HOST, ORIGIN);
    const answer = await serve({ method: request.method(), url }, renderer, async (file) => {
      return new Uint8Array(await readFile(file));
    });
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  });
  await page.addInitScript(() => {
    const beeline: BeelineBridge = {
      platform: {
        version: "0.1.0",
        os: "linux",
        hostName: "desk",
        defaultServer: "http://127.0.0.1:1",
        features: { tray: true, loginItem: true, spellCheck: true, linkPreviews: true },
      },
      connection: {
        proxy: async () => ({ setting: { mode: "system" }, fixed: false }),
        setProxy: async () => {},
        updates: async () => ({ type: "off", reason: "no-feed" }),
        checkForUpdates: async () => {},
        restartToUpdate: async () => {},
        onUpdates: () => () => {},
      },
      getSetting: async () => undefined,
      setSetting: async () => {},
      setBadge: () => {},
      notify: () => {},
      onNotificationClick: () => () => {},
      localAddresses: async () => [],
      pinServer: async () => {},
      refusedCertificate: async () => false,
      protectKey: async () => undefined,
      unprotectKey: async () => "",
      joinLan: async () => {},
      leaveLan: async () => {},
      sendLan: async () => false,
      onLan: () => () => {},
      watchServers: (handler) => {
        handler([{ name: "Harbour office", address: "http://127.0.0.1:2", secure: false }]);
        return () => {};
      },
      onEvent: () => () => {},
      tellState: () => {},
      desktop: async () => ({ loginItem: false, guardedKeys: true, spellLanguages: [] }),
      setLoginItem: async () => {},
      fetchPreview: async () => undefined,
    };
    Object.assign(globalThis, { beeline });
  });

  await page.goto(`${HOST}/`);
  await expect(page.getByLabel("Server address")).toHaveValue("http://127.0.0.1:1");
  // It was asked for, by WebSocket: the policy lets it.
  await expect(page.getByText("No Beeline server answers at this address.")).toBeVisible();
  // Found on the local network, and taken by a press.
  await page.getByTestId("server-near").filter({ hasText: "Harbour office" }).click();
  await expect(page.getByLabel("Server address")).toHaveValue("http://127.0.0.1:2");
  expect(refused).toEqual([]);
});
