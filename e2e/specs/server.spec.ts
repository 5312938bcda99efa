import { expect, test } from "../support/fixtures.ts";
import { befriend, type Person } from "../support/person.ts";

/** Unless it came back by itself before the button could be pressed. */
async function retry({ page }: Person): Promise<void> {
  const button = page.getByRole("button", { name: "Retry now" });
  await button.click({ timeout: 2_000 }).catch(() => undefined);
}

test("a direct conversation goes on while the server is down", async ({ ada, bob, server }) => {
  await befriend(ada, bob);
  await ada.directTo();
  await ada.say("bob", "a conversation that goes on");
  await bob.reads("a conversation that goes on");
  await server.stop("SIGTERM");
  await expect(ada.page.getByTestId("connection-banner")).toBeVisible();
  await ada.say("bob", "still here?");
  await bob.reads("still here?");
  await bob.say("ada", "still here.");
  await ada.reads("still here.");

  await server.start();
  await retry(ada);
  await expect(ada.page.getByTestId("connection-banner")).toBeHidden();
  await ada.say("bob", "and the server is back");
  await bob.reads("and the server is back");
});

test("messages written by relay across a restart of the server arrive once", async ({
  arrive,
  server,
}) => {
  const ada = await arrive("ada", { webrtc: false });
  const bob = await arrive("bob", { webrtc: false });
  await ada.register(server.address);
  await bob.register(server.address);
  await befriend(ada, bob);
  await ada.say("bob", "first");
  await bob.reads("first");

  await server.stop("SIGKILL");
  await ada.say("bob", "written without a server");
  await ada.expectDelivery("written without a server", "queued");
  await server.start();
  for (const person of [ada, bob]) await retry(person);
  await bob.reads("written without a server");
  await ada.expectDelivery("written without a server", /delivered|read/);
});

test("kill -9 of the server with a full mailbox loses nothing and doubles nothing", async ({
  ada,
  bob,
  server,
}) => {
  await befriend(ada, bob);
  await bob.leave();
  await expect(ada.page.locator(".conversation-presence")).toContainText(/Last seen|Offline/);
  const texts = Array.from({ length: 30 }, (_, index) => `message ${index + 1} of 30`);
  for (const text of texts) await ada.say("bob", text);
  await ada.expectDelivery("message 30 of 30", "sent");

  await server.stop("SIGKILL");
  await server.start();
  const back = await bob.comeBack(server.address);
  await back.open("ada");
  await expect.poll(() => back.everyMessage(), { timeout: 60_000 }).toEqual(texts);
});
