/** A server without a certificate of its administrator's, seen from a browser. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../support/fixtures.ts";
import { PASSWORD } from "../support/person.ts";
import { administer, RendezvousProcess } from "../support/rendezvous-process.ts";

test("H5 a guest joins by an invitation link, past the browser's warning, over https", async ({
  browser,
}) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-https-"));
  await using server = await RendezvousProcess.start(folder.path, ["--registration", "invite"]);
  const address = ["--public-address", `https://${new URL(server.address).host}`];
  const made = await administer(folder.path, ["invite", ...address]);
  const [code = "", link = ""] = made.split("\n");

  await using strict = await browser.newContext();
  const warned = await strict.newPage();
  await expect(warned.goto(link)).rejects.toThrow("ERR_CERT_AUTHORITY_INVALID");

  // The person goes on, as with any certificate that the browser does not know.
  await using context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (/content security policy|mixed content/i.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.goto(link);
  await expect(page.getByTestId("server-found")).toBeVisible();
  // Out of sight for whoever looks at the address bar.
  expect(page.url()).not.toContain(code);
  await page.getByRole("tab", { name: "Create account" }).click();
  await expect(page.getByLabel("Invite code")).toHaveValue(code);
  await page.getByLabel("User name").fill("ada");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByTestId("main-screen")).toBeVisible();
  expect(await page.evaluate(() => globalThis.isSecureContext)).toBe(true);
  expect(complaints).toEqual([]);
});
