import * as v from "valibot";
import { expect, test } from "vitest";
import { ConversationId, encodeId, type UserId } from "../../protocol/index.ts";
import { MAX_PREPARED_GROUPS } from "../limits.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { GroupPreparation } from "./group-preparation.ts";

function preparation() {
  const asked: UserId[] = [];
  const answers: PromiseWithResolvers<boolean>[] = [];
  const state = { online: true, known: true };
  const groups = new GroupPreparation({
    isOnline: () => state.online,
    recipients: (userId) => (state.known ? [{ userId, deviceId: deviceIdOf(1) }] : []),
    conversationWith: () => v.parse(ConversationId, encodeId(new Uint8Array(16))),
    prepare({ peer }) {
      if (peer !== undefined) asked.push(peer);
      const answer = Promise.withResolvers<boolean>();
      answers.push(answer);
      return answer.promise;
    },
  });
  return { groups, asked, answers, state };
}

const ben = userIdOf(2);

test("M16: an opened conversation's group is made once, ahead of need", async () => {
  const { groups, asked, answers } = preparation();
  groups.want(ben);
  groups.look();
  expect(asked).toEqual([ben]);
  answers[0]?.resolve(true);
  await answers[0]?.promise;
  groups.look();
  expect(asked).toEqual([ben]);
});

test("M16: it waits for the server, for the devices, and tries again where the server went", async () => {
  const { groups, asked, answers, state } = preparation();
  state.online = false;
  groups.want(ben);
  state.online = true;
  state.known = false;
  groups.look();
  expect(asked).toEqual([]);
  state.known = true;
  groups.look();
  answers[0]?.resolve(false);
  await answers[0]?.promise;
  groups.look();
  expect(asked).toEqual([ben, ben]);
});

test("M16: only the conversations opened last wait", () => {
  const { groups, asked, state } = preparation();
  state.online = false;
  for (let n = 0; n < MAX_PREPARED_GROUPS + 5; n++) groups.want(userIdOf(n));
  state.online = true;
  groups.look();
  expect(asked).toHaveLength(MAX_PREPARED_GROUPS);
  expect(asked[0]).toBe(userIdOf(5));
});
