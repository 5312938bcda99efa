/** Who is who, as people see it: safety numbers, verified marks, devices, invitation links. */
import { expect, test } from "../support/fixtures.ts";
import { befriend, PASSWORD, type Person } from "../support/person.ts";
import { administer } from "../support/rendezvous-process.ts";

async function safetyNumber(person: Person): Promise<string> {
  const { page } = person;
  await page.getByRole("button", { name: "Details" }).click();
  await page.getByRole("button", { name: "Show the safety number" }).click();
  const number = page.getByTestId("safety-number");
  await expect(number).toHaveText(/^\d{60}$/);
  return await number.innerText().then((text) => text.replaceAll(/\s/g, ""));
}

async function signIn(person: Person, server: string): Promise<void> {
  const { page } = person;
  await page.goto(server);
  await page.getByLabel("User name").fill(person.name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await person.seesHome();
}

test("both see one number; a verified mark goes, and loudly, when a device comes", async ({
  ada,
  bob,
  arrive,
  server,
}) => {
  await befriend(ada, bob);
  expect(await safetyNumber(ada)).toBe(await safetyNumber(bob));
  const { page } = ada;
  await page.getByRole("button", { name: "Mark as verified" }).click();
  const mark = page.getByTestId("verified");
  await expect(mark).toBeVisible();
  await page.reload();
  await ada.open("bob");
  await expect(mark).toBeVisible();

  const laptop = await arrive("bob");
  await signIn(laptop, server.address);
  const banner = page.getByTestId("safety-banner");
  await expect(banner).toContainText("The devices of Bob changed since you verified them.");
  await expect(banner).toHaveAttribute("data-loud", "true");
  await expect(mark).toBeHidden();
  await banner.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("button", { name: "Mark as verified" }).click();
  await expect(mark).toBeVisible();
  await expect(banner).toBeHidden();

  // The new device is in the conversation, and hears of it from the first message on.
  await ada.say("bob", "Both of your machines should show this.");
  await bob.reads("Both of your machines should show this.");
  await laptop.open("ada");
  await laptop.reads("Both of your machines should show this.");
});

test("a code that came by another way is compared, and a wrong one is told", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await safetyNumber(ada);
  const { page } = ada;
  await page.getByText("Not in the same room?").click();
  const field = page.getByLabel("Their code");
  await field.fill("beeline-safety:1:no:no");
  await expect(field).toHaveAccessibleDescription(/Not the same/);
  await expect(page.getByRole("button", { name: "Copy the code" })).toBeVisible();
});

test("a device gets a name, and its owner's other devices see it", async ({
  ada,
  arrive,
  server,
}) => {
  const laptop = await arrive("ada");
  await signIn(laptop, server.address);
  for (const { page } of [ada, laptop]) {
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Devices", exact: true }).click();
    await expect(page.getByTestId("own-device")).toHaveCount(2);
  }
  const current = ada.page.getByTestId("own-device").filter({ hasText: "This device" });
  await current.getByRole("button", { name: /^Rename / }).click();
  await ada.page.getByLabel("Name of the device").fill("Bridge, port side");
  await ada.page.getByRole("button", { name: "Save" }).click();
  await expect(current).toContainText("Bridge, port side");
  await expect(
    laptop.page.getByTestId("own-device").filter({ hasText: "Bridge, port side" }),
  ).toContainText("Online");
});

test("an invitation link brings the server and its code; the code leaves the address bar", async ({
  ada,
  arrive,
  server,
}) => {
  await ada.page.getByRole("button", { name: "Settings" }).click();
  await ada.page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(ada.page.getByTestId("invite-link")).toHaveText(server.address);
  await expect(ada.page.getByRole("img", { name: /QR code/ })).toBeVisible();

  const invite = await administer(server.dataFolder, ["invite", "--uses", "1"]);
  const code = /invite=([\w-]+)/.exec(invite)?.[1] ?? "";
  expect(code).not.toBe("");
  const bob = await arrive("bob");
  await bob.page.goto(`${server.address}/#invite=${code}`);
  await expect(bob.page.getByRole("tab", { name: "Create account" })).toHaveAttribute(
    "aria-selected",
    "true",
  );
  expect(new URL(bob.page.url()).hash).toBe("");

  const cleo = await arrive("cleo");
  await cleo.page.goto(server.address);
  const link = `https://harbour.example:8383/#invite=${code}`;
  await cleo.page.getByLabel("Server address").fill(link);
  await expect(cleo.page.getByLabel("Server address")).toHaveValue("https://harbour.example:8383");
});
