/** Accounts: who may register, and what one does with an account of one's own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../support/fixtures.ts";
import { PASSWORD, type Person } from "../support/person.ts";
import { administer, RendezvousProcess } from "../support/rendezvous-process.ts";

async function withPolicy(
  policy: string,
  work: (server: RendezvousProcess) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "beeline-e2e-"));
  {
    await using server = await RendezvousProcess.start(folder, ["--registration", policy]);
    await work(server);
  }
  await rm(folder, { recursive: true, force: true });
}

/** Fills the form of a new account, without sending it. */
async function fillIn(person: Person, server: string): Promise<void> {
  const { page } = person;
  await page.goto(server);
  await expect(page.getByTestId("server-found")).toBeVisible();
  await page.getByRole("tab", { name: "Create account" }).click();
  await page.getByLabel("User name").fill(person.name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
}

const create = (person: Person): Promise<void> =>
  person.page.getByRole("button", { name: "Create account" }).click();

const settings = async ({ page }: Person, section: string): Promise<void> => {
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: section }).click();
};

async function signIn({ page, name }: Person, password: string): Promise<void> {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("by invitation: the code is asked for, a wrong one is told at its field", async ({
  arrive,
}) => {
  await withPolicy("invite", async (server) => {
    const ada = await arrive("ada");
    await fillIn(ada, server.address);
    const code = ada.page.getByLabel("Invite code");
    await create(ada);
    await expect(code).toHaveAccessibleDescription("Please fill this in.");
    await code.fill("NOT-A-CODE");
    await create(ada);
    await expect(code).toHaveAccessibleDescription(/This invite code is not valid any more/);
    await expect(code).toHaveAttribute("aria-invalid", "true");
    await expect(code).toBeFocused();
    const invite = await administer(server.dataFolder, ["invite", "--uses", "1"]);
    await code.fill(/\S{8,}/.exec(invite)?.[0] ?? invite);
    await create(ada);
    await ada.seesHome();
  });
});

test("a closed server says so before one has typed anything", async ({ arrive }) => {
  await withPolicy("closed", async (server) => {
    const ada = await arrive("ada");
    await fillIn(ada, server.address);
    await expect(ada.page.getByText("This server takes no new accounts.").first()).toBeVisible();
    await expect(ada.page.getByRole("button", { name: "Create account" })).toBeDisabled();
  });
});

test("a name that is taken is told at the name", async ({ ada, arrive, server }) => {
  const other = await arrive(ada.name);
  await fillIn(other, server.address);
  await create(other);
  const name = other.page.getByLabel("User name");
  await expect(name).toHaveAccessibleDescription(/This user name is taken/);
  await expect(name).toBeFocused();
});

test("the password is changed; then the new one counts and the old does not", async ({ ada }) => {
  const { page } = ada;
  await settings(ada, "Password");
  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password", { exact: true }).fill("another good one");
  await page.getByLabel("New password again").fill("another good one");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Current password")).toHaveAccessibleDescription(/wrong/);
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByTestId("toast")).toContainText("Password changed");

  await page.getByRole("button", { name: "Profile" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  const ask = page.getByRole("dialog", { name: "Sign out of this device?" });
  await ask.getByRole("button", { name: "Sign out" }).click();
  await signIn(ada, PASSWORD);
  await expect(page.getByRole("alert")).toContainText("User name or password is wrong.");
  await signIn(ada, "another good one");
  await ada.seesHome();
});

test("a removed device is signed out, and may sign in again", async ({ ada, arrive, server }) => {
  const laptop = await arrive(ada.name);
  await laptop.page.goto(server.address);
  await signIn(laptop, PASSWORD);
  await laptop.seesHome();

  await settings(ada, "Devices");
  await expect(ada.page.getByTestId("own-device")).toHaveCount(2);
  await ada.page.getByRole("button", { name: /^Remove / }).click();
  await ada.page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(ada.page.getByTestId("own-device")).toHaveCount(1);

  const banner = laptop.page.getByTestId("connection-banner");
  await expect(banner).toHaveAttribute("data-state", "signed-out");
  await banner.getByRole("button", { name: "Sign in again" }).click();
  await expect(laptop.page.getByLabel("User name")).toHaveValue(ada.name);
  await signIn(laptop, PASSWORD);
  await laptop.seesHome();
  await expect(ada.page.getByTestId("own-device")).toHaveCount(2);
});

test("a disabled account is told, and comes back when it is enabled", async ({ ada, server }) => {
  await administer(server.dataFolder, ["user", "disable", "ada"]);
  const banner = ada.page.getByTestId("connection-banner");
  await expect(banner).toContainText("You were signed out of this device.");
  await banner.getByRole("button", { name: "Sign in again" }).click();
  await signIn(ada, PASSWORD);
  await expect(ada.page.getByRole("alert")).toContainText("disabled");
  await administer(server.dataFolder, ["user", "enable", "ada"]);
  await signIn(ada, PASSWORD);
  await ada.seesHome();
});

test("a forgotten device leaves the account's list and keeps no session", async ({
  ada,
  arrive,
  server,
}) => {
  const laptop = await arrive(ada.name);
  await laptop.page.goto(server.address);
  await signIn(laptop, PASSWORD);
  await laptop.seesHome();
  await settings(laptop, "Profile");
  await laptop.page.getByRole("button", { name: "Sign out" }).click();
  const ask = laptop.page.getByRole("dialog", { name: "Sign out of this device?" });
  await ask.getByRole("switch", { name: "Forget this device" }).check({ force: true });
  await ask.getByRole("button", { name: "Sign out" }).click();
  await expect(laptop.page.getByLabel("User name")).toBeVisible();
  await laptop.page.reload();
  await expect(laptop.page.getByLabel("User name")).toBeVisible();
  await settings(ada, "Devices");
  await expect(ada.page.getByTestId("own-device")).toHaveCount(1);
});

test("without the server, the banner counts down and 'retry now' does not wait", async ({
  ada,
  server,
}) => {
  await server.stop("SIGKILL");
  const banner = ada.page.getByTestId("connection-banner");
  await expect(banner).toContainText(/Next attempt in \d+ s\./);
  await expect(ada.page.getByTestId("presence-menu")).toContainText("Not connected");
  await server.start();
  await banner.getByRole("button", { name: "Retry now" }).click();
  await expect(banner).toBeHidden();
  await expect(ada.page.getByTestId("presence-menu")).toContainText("Online");
});
