import { expect, test } from "vitest";
import * as v from "valibot";
import { ConversationId } from "../../protocol/index.ts";
import { LISTS_AGAIN_MS } from "../limits.ts";
import { MembershipWorld } from "../testing/membership-world.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { GroupPeople } from "./group-people.ts";

test("whoever the server has no name of is not asked about with every message", async () => {
  await using world = new MembershipWorld();
  const { connection } = await world.add(1);
  const id = v.parse(ConversationId, userIdOf(9));
  const gone = userIdOf(7);
  let asked = 0;
  world.fate = (method) => {
    if (method === "conversation.profiles") asked++;
    return undefined;
  };
  const people = new GroupPeople({
    connection,
    clock: world.clock,
    log: new MemoryLog(),
    isKnown: () => false,
    save: () => {},
    onNames: () => {},
  });
  for (let message = 0; message < 10; message++) {
    people.look(id, [gone]);
    await world.run(people.settled());
  }
  expect(asked).toBe(1);
  await world.clock.advance(LISTS_AGAIN_MS);
  people.look(id, [gone]);
  await world.run(people.settled());
  expect(asked).toBe(2);
});
