import { expect, test } from "../support/fixtures.ts";
import { befriend } from "../support/person.ts";

test("two people register, add each other and talk directly", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.directTo();

  await ada.say("bob", "Hello Bob");
  await bob.reads("Hello Bob");
  await ada.expectDelivery("Hello Bob", /delivered|read/);
  await ada.expectPath("Hello Bob", "direct");
  await bob.expectPath("Hello Bob", "direct");

  await bob.say("ada", "Hello Ada");
  await ada.reads("Hello Ada");
  await bob.expectDelivery("Hello Ada", "read");
});

test("the path of a message and its reason are told on focus", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.directTo();
  await ada.say("bob", "how did this travel?");
  await ada.expectDelivery("how did this travel?", /delivered|read/);
  await ada.message("how did this travel?").getByTestId("delivery").focus();
  await expect(ada.page.getByRole("tooltip")).toContainText("A direct way was open.");
});

test("messages in any language, direction and length arrive as text", async ({ ada, bob }) => {
  await befriend(ada, bob);
  const texts = [
    "你好，世界",
    "שלום עולם",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦🏳️‍🌈🐝",
    "<script>document.title = 'broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "javascript:alert(1)",
    "x".repeat(10_000),
  ];
  for (const text of texts) {
    await ada.say("bob", text);
    await bob.reads(text);
  }
  await ada.say("bob", "**bold** `co_de` <b>not</b>\n- one\n- two");
  await bob.reads("bold co_de <b>not</b>onetwo");
  await expect(bob.page.getByTestId("message-text").locator("strong")).toHaveText("bold");
  await expect(bob.page.getByTestId("message-text").locator("li")).toHaveText(["one", "two"]);
  await expect(bob.page.getByTestId("message-text").locator("b")).toHaveCount(0);
  expect(await bob.page.title()).not.toContain("broken");
  await bob.say("ada", "see https://example.org/a?b=c and javascript:alert(1)");
  const link = ada.page.getByTestId("message").getByRole("link");
  await expect(link).toHaveAttribute("href", "https://example.org/a?b=c");
  await expect(link).toHaveCount(1);
});

test("more than 10,000 characters cannot be sent, and nothing is lost", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.composer("bob").fill("x".repeat(10_001));
  await expect(ada.page.getByText("1 character too many")).toBeVisible();
  await ada.composer("bob").press("Enter");
  await expect(ada.composer("bob")).toHaveValue("x".repeat(10_001));
  await expect(ada.page.getByTestId("message")).toHaveCount(0);
});

test("without WebRTC in one browser, messages go by relay and say so", async ({
  ada,
  arrive,
  server,
}) => {
  const bob = await arrive("bob", { webrtc: false });
  await bob.register(server.address);
  await befriend(ada, bob);
  await ada.say("bob", "by relay");
  await bob.reads("by relay");
  await ada.expectPath("by relay", "relayed");
  await bob.say("ada", "and back");
  await ada.reads("and back");
  await bob.expectPath("and back", "relayed");
});

test("a message for somebody who is away waits for them", async ({ ada, bob, server }) => {
  await befriend(ada, bob);
  await bob.leave();
  await expect(ada.page.locator(".conversation-presence")).toContainText(/Last seen|Offline/);
  for (const text of ["one", "two", "three"]) await ada.say("bob", text);
  await ada.expectPath("three", "stored");
  await ada.expectDelivery("three", "sent");

  const back = await bob.comeBack(server.address);
  await expect(back.page.getByTestId("unread").first()).toContainText("3 unread messages");
  await back.page.getByRole("tab", { name: /Chats/ }).click();
  await back.page.getByTestId("conversation-row").getByRole("button").first().click();
  for (const text of ["one", "two", "three"]) await back.reads(text);
  await ada.expectDelivery("three", "read");
});

test("history and drafts survive a reload in mid-conversation", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await ada.say("bob", "before");
  await bob.reads("before");
  await bob.page.reload();
  await bob.seesHome();
  await ada.say("bob", "while away or just back");
  await bob.open("ada");
  await bob.reads("before");
  await bob.reads("while away or just back");
  await bob.say("ada", "after");
  await ada.reads("after");
});

test("presence and status text reach the buddy", async ({ ada, bob }) => {
  await befriend(ada, bob);
  await bob.page.getByRole("button", { name: /Change your status/ }).click();
  await bob.page.getByRole("radio", { name: /Busy/ }).check({ force: true });
  await expect(ada.page.locator(".conversation-presence")).toContainText("Busy");
});

test("a wrong password is told, and an unknown user the same way", async ({
  arrive,
  ada,
  server,
}) => {
  void ada;
  const stranger = await arrive("eve");
  await stranger.page.goto(server.address);
  for (const name of ["ada", "nobody"]) {
    await stranger.page.getByLabel("User name").fill(name);
    await stranger.page.getByLabel("Password", { exact: true }).fill("not the password");
    await stranger.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(stranger.page.getByRole("alert")).toContainText("User name or password is wrong.");
  }
});
