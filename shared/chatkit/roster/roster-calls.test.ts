import { expect, test } from "vitest";
import type { Presence, RosterEntry } from "../../protocol/index.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { LinkWorld } from "../testing/link-world.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { RosterBook } from "./roster-book.ts";
import { RosterCalls } from "./roster-calls.ts";

const offline: Presence = { show: "offline", statusText: "", endpoints: [] };
const online: Presence = {
  show: "online",
  statusText: "",
  endpoints: [
    {
      deviceId: deviceIdOf(2),
      observed: { address: "127.0.0.1", port: 1 },
      local: [],
      client: { name: "test", version: "1" },
    },
  ],
};
const ben: RosterEntry = {
  profile: { userId: userIdOf(2), userName: "ben", displayName: "Ben" },
  state: "buddies",
  nickname: "",
  group: "",
  devices: [],
  logLength: 0,
  presence: online,
};

test("an answer does not undo what an event right behind it told", async () => {
  const world = new LinkWorld(new FakeClock());
  const { connection } = await world.add(1);
  const book = new RosterBook(
    {
      onEntry: () => {},
      onRemoved: () => {},
      onSelf: () => {},
      onChanged: () => {},
      save: () => {},
    },
    { devices: () => [], isListed: () => false, wants: () => {} },
  );
  book.entryChanged(ben);
  const calls = new RosterCalls(
    () => book,
    () => ({ connection, roster: book, trust: { ready: async () => undefined } }),
  );
  world.server.script("roster.update", ({ nickname = "" }) => ({ ...ben, nickname }));
  const updating = calls.update(userIdOf(2), { nickname: "Benny" });
  // Both frames are read before anybody who waits for the answer goes on.
  book.presenceChanged(userIdOf(2), offline);
  await updating;
  expect(book.get(userIdOf(2))).toMatchObject({ nickname: "Benny", presence: offline });
  expect(book.isOnline(deviceIdOf(2))).toBe(false);
  await world.dispose();
});
