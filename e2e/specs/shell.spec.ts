/** The desktop app's page under the shell's own policy and bridge, in a browser for want of Electron. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "playwright/test";
import { ORIGIN, serve } from "../../app/main/scheme.ts";

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
    Object.assign(globalThis, {
      beeline: {
        platform: {
          version: "0.1.0",
          os: "linux",
          hostName: "desk",
          defaultServer: "http://127.0.0.1:1",
        },
        getSetting: async () => undefined,
        setSetting: async () => {},
        setBadge: () => {},
        notify: () => {},
        onNotificationClick: () => () => {},
        localAddresses: async () => [],
      },
    });
  });

  await page.goto(`${HOST}/`);
  await expect(page.getByLabel("Server address")).toHaveValue("http://127.0.0.1:1");
  // It was asked for, by WebSocket: the policy lets it.
  await expect(page.getByText("No Beeline server answers at this address.")).toBeVisible();
  expect(refused).toEqual([]);
});
