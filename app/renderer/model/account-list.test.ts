import { expect, test } from "vitest";
import { AccountList, accountKey, MAX_ACCOUNTS } from "./account-list.ts";

const ada = { server: "https://chat.example", userName: "ada" };
const bob = { server: "https://chat.example", userName: "bob" };

function storage(remembered: Record<string, unknown> = {}) {
  const stored = new Map(Object.entries(remembered));
  return {
    stored,
    readSetting: async (key: string) => stored.get(key),
    writeSetting: async (key: string, value: unknown) => void stored.set(key, value),
  };
}

test("the one account of earlier versions becomes the first of the list", async () => {
  const place = storage({ account: { ...ada, pin: "p" } });
  const accounts = await AccountList.load(place);
  expect(accounts.known.value.list).toEqual([{ ...ada, pin: "p" }]);
  expect(place.stored.get("accounts")).toEqual({ list: [{ ...ada, pin: "p" }] });
  expect(place.stored.get("account")).toBeUndefined();
});

test("accounts are told apart as servers do, keep their order, and the last one is shown", async () => {
  const place = storage();
  const accounts = await AccountList.load(place);
  await accounts.put(ada);
  await accounts.put(bob);
  await accounts.put({ ...ada, userName: "ADA", pin: "p" });
  const again = await AccountList.load(place);
  expect(again.known.value).toEqual({
    list: [{ ...ada, userName: "ADA", pin: "p" }, bob],
    shown: accountKey(ada),
  });
  await again.remove(accountKey(ada));
  expect((await AccountList.load(place)).known.value).toEqual({ list: [bob] });
});

test("two windows do not lose each other's accounts", async () => {
  const place = storage();
  const one = await AccountList.load(place);
  const other = await AccountList.load(place);
  await one.put(ada);
  await other.put(bob);
  expect((await AccountList.load(place)).known.value.list).toEqual([ada, bob]);
});

test("no more than there may be; a damaged list is none", async () => {
  const place = storage();
  const accounts = await AccountList.load(place);
  for (let n = 0; n < MAX_ACCOUNTS + 2; n += 1) await accounts.put({ ...ada, userName: `u${n}` });
  expect((await AccountList.load(place)).known.value.list).toHaveLength(MAX_ACCOUNTS);
  expect(
    (await AccountList.load(storage({ accounts: { list: [{ server: 1 }] } }))).known.value,
  ).toEqual({ list: [] });
});
