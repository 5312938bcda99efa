/** What a person and an administrator can set about the desktop app, and the way there by menus and keys. */
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright/test";
import { accessible } from "../support/looks.ts";
import { befriend } from "../support/person.ts";
import { appMenu } from "./desktop.ts";
import { expect, registerAt, test } from "./fixtures.ts";

test("menus and keys lead to everything, and the desktop settings do what they say", async ({
  launch,
  server,
  machine,
}) => {
  const desktop = await launch(`--server=${server.address}`);
  const { page } = await registerAt(desktop, "ada");

  // By the menu, and by the same thing's keys.
  await desktop.press("menu", "File/New Conversation…");
  await expect(page.getByRole("dialog", { name: "Add a buddy" })).toBeVisible();
  await page.keyboard.press("Escape");
  await desktop.press("menu", "Edit/Search…");
  await expect(page.getByRole("textbox", { name: "Search", exact: true })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+Slash");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await desktop.press("menu", `${appMenu}/Settings…`);
  await openSection(page, "Connection");
  await accessible(page, "connection settings");
  await openSection(page, "Desktop");
  await accessible(page, "desktop settings");

  // Elsewhere the list of what opens at login is the machine's own, and stays as it is.
  await on(["linux"], "it opens at login", async () => {
    const entry = join(machine, "config", "autostart", "beeline.desktop");
    const opens = switchOf(page, "Start when you sign in to this computer");
    await opens.click();
    await expect(opens).toBeChecked();
    // The switch follows at once, the file a moment later.
    await expect.poll(() => readFile(entry, "utf8").catch(String)).toMatch(/^Exec=.+ --hidden$/m);
    await opens.click();
    await expect(opens).not.toBeChecked();
    await expect.poll(() => access(entry).catch(String)).toMatch("ENOENT");
  });

  // macOS finds the language of a text by itself.
  await on(["linux", "win32"], "spelling is checked in the chosen languages", async () => {
    await page.getByLabel("Add a language").selectOption("de");
    await expect(page.getByRole("button", { name: "Do not check German" })).toBeVisible();
    const languages = async (): Promise<unknown> =>
      desktop.evaluate(({ session }) => session.defaultSession.getSpellCheckerLanguages());
    await expect.poll(languages).toEqual(["de"]);
  });

  // On macOS a program stays without its window.
  await on(
    ["linux", "win32"],
    "closing the window ends it, and it starts without one",
    async () => {
      await switchOf(page, "Keep running when the window is closed").click();
      await switchOf(page, "Start without a window").click();
      const stored = async (): Promise<string> =>
        readFile(join(machine, "data", "settings.json"), "utf8");
      await expect.poll(stored).toMatch(/"closeToTray": "false"[^]*"startMinimised": "true"/);
      await desktop.closeWindow();
      expect(await desktop.ended).toBe(0);
      const next = await launch();
      await next.page();
      expect((await next.look()).windows).toMatchObject([{ isVisible: false }]);
      const languages = await next.evaluate(({ session }) =>
        session.defaultSession.getSpellCheckerLanguages(),
      );
      expect(languages).toEqual(["de"]);
    },
  );
});

test("a policy fixes the server and switches features off", async ({
  launch,
  server,
  machine,
  bob,
}) => {
  const policy = join(machine, "policy.json");
  await mkdir(machine, { recursive: true });
  const off = { files: false, voice: false, export: false, backup: false };
  await writeFile(
    policy,
    JSON.stringify({ server: server.address, features: off, proxy: { mode: "none" } }),
  );
  const desktop = await launch(`--policy=${policy}`, "--server=http://127.0.0.1:1");
  const page = await desktop.page();
  await expect(page.getByLabel("Server address")).toHaveValue(server.address);
  await expect(page.getByLabel("Server address")).not.toBeEditable();
  await expect(page.getByText("Your administrator allows this server only.")).toBeVisible();

  const ada = await registerAt(desktop, "ada");
  await befriend(ada, bob);
  await expect(bob.page.getByTestId("attach")).toBeVisible();
  await expect(bob.page.getByTestId("record")).toBeVisible();
  await expect(page.getByTestId("send")).toBeVisible();
  await expect(page.getByTestId("attach")).toHaveCount(0);
  await expect(page.getByTestId("record")).toHaveCount(0);
  await page.getByRole("button", { name: "Details", exact: true }).click();
  await expect(page.getByTestId("history-details")).toBeVisible();
  await expect(page.getByRole("button", { name: "Export this chat" })).toHaveCount(0);
  await page.getByRole("button", { name: "Settings" }).click();
  await openSection(page, "History");
  await expect(page.getByText("Set by your administrator.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Save the backup" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "All chats" })).toHaveCount(0);
  await openSection(page, "Connection");
  await expect(page.getByText("Set by your administrator.")).toBeVisible();
  await expect(page.getByRole("radio", { name: "Manual" })).toBeDisabled();
});

test("a policy that cannot be read lets nobody sign in anew", async ({ launch, machine }) => {
  const policy = join(machine, "policy.json");
  await mkdir(machine, { recursive: true });
  await writeFile(policy, "{");
  const page = await (await launch(`--policy=${policy}`)).page();
  await expect(page.getByText("Until then, nobody can sign in here anew.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeDisabled();
});

async function openSection(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Settings" });
  await dialog.getByRole("button", { name, exact: true }).click();
  await expect(dialog.getByRole("heading", { name, exact: true })).toBeVisible();
}

function switchOf(page: Page, name: string): Locator {
  return page.getByRole("switch", { name });
}

/** A step that is said to be skipped where the system has no such thing. */
async function on(
  systems: readonly NodeJS.Platform[],
  title: string,
  act: () => Promise<void>,
): Promise<void> {
  if (systems.includes(process.platform)) await test.step(title, act);
  else await test.step.skip(`${title} (not on ${process.platform})`, act);
}
