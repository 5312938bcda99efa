import { registerAt, test } from "./fixtures.ts";

test("the app opens on its own scheme, and two people talk", async ({ launch, server, bob }) => {
  const desktop = await launch(`--server=${server.address}`);
  const ada = await registerAt(desktop, "ada");
  await ada.addBuddy("bob");
  await bob.accept("ada");
  await ada.open("bob");
  await bob.open("ada");
  await ada.say("bob", "from my desk");
  await bob.reads("from my desk");
  await bob.say("ada", "from a browser");
  await ada.reads("from a browser");
});
