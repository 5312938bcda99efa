/** The ways of messages as people see and choose them: the network page, routes, the doctor. */
import type { Page } from "playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { befriend } from "../support/person.ts";

async function openDetails(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Details" }).click();
  await expect(page.getByRole("region", { name: "Details" })).toBeVisible();
}

async function chooseRoute(page: Page, name: string): Promise<void> {
  await page.getByRole("radio", { name }).check();
}

test("the network page shows the way to each buddy, and the doctor finds nothing", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.directTo();
  const { page } = ada;
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Network", exact: true }).click();
  const row = page.getByTestId("network-person");
  await expect(row).toHaveCount(1);
  await expect(row.locator(".link-state")).toHaveAttribute("data-state", "direct");
  await page.getByRole("button", { name: "Measure now" }).click();
  await expect(row).toContainText(/Round trip\s*[\d.]+ ms/);
  await expect(row).toContainText(/\(UDP\)/);
  await expect(row).toContainText(/[1-9][\d.]* k?B ↑/);

  await row.getByRole("button", { name: "Check the connection with Bob" }).click();
  const report = page.getByTestId("examination");
  await expect(report.locator("[data-finding]")).toHaveAttribute("data-finding", "ok", {
    timeout: 30_000,
  });
  await expect(report.getByRole("row", { name: /Direct way/ })).toContainText("works");
  await expect(report.getByRole("row", { name: /Relay/ })).toContainText("works");
});

test("relay only takes the direct way away at both ends, and gives it back", async ({
  ada,
  bob,
}) => {
  await befriend(ada, bob);
  await ada.directTo();
  await openDetails(bob.page);
  await chooseRoute(bob.page, "Relay only");
  await ada.say("bob", "By way of the server, please.");
  await bob.reads("By way of the server, please.");
  await ada.expectPath("By way of the server, please.", "relayed");
  await bob.say("ada", "As you wish.");
  await ada.reads("As you wish.");
  await bob.expectPath("As you wish.", "relayed");

  // Ada is told what Bob asks for, and no address of his machine.
  await openDetails(ada.page);
  await expect(ada.page.getByText("Bob asks for: Relay only.")).toBeVisible();
  await expect(ada.page.getByText("Hidden, at their wish")).toBeVisible();

  await chooseRoute(bob.page, "Automatic");
  await ada.directTo();
  await ada.say("bob", "Straight again.");
  await bob.reads("Straight again.");
  await ada.expectPath("Straight again.", "direct");
});

test("what the route forbids waits on this device, says why, and leaves when it may", async ({
  arrive,
  bob,
  server,
}) => {
  const ada = await arrive("ada", { webrtc: false });
  await ada.register(server.address);
  await befriend(ada, bob);
  const { page } = ada;
  await openDetails(page);
  await chooseRoute(page, "Direct only");
  await ada.say("bob", "For your machine alone.");
  await ada.expectDelivery("For your machine alone.", "queued");
  await expect(
    page.getByText("Waits for a way that your route setting for them permits."),
  ).toBeAttached();
  await expect(bob.message("For your machine alone.")).toHaveCount(0);

  await page.getByRole("button", { name: "Check the connection", exact: true }).click();
  const report = page.getByTestId("examination");
  await expect(report.locator('[data-finding="own-no-webrtc"]')).toBeVisible({ timeout: 30_000 });
  await page.keyboard.press("Escape");

  await chooseRoute(page, "Automatic");
  await bob.reads("For your machine alone.");
  await ada.expectPath("For your machine alone.", "relayed");
});
