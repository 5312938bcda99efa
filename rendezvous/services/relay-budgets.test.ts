import { expect, test } from "vitest";
import * as v from "valibot";
import { UserId } from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import { RelayBudgets } from "./relay-budgets.ts";

const ada = v.parse(UserId, randomId());
const bob = v.parse(UserId, randomId());

test("B4 all connections of an account spend of one budget, and each account has its own", () => {
  const budgets = new RelayBudgets({ bytesPerSecond: 100, burstBytes: 1000 });
  const laptop = budgets.hold(ada);
  const phone = budgets.hold(ada);
  laptop.left -= 1000;
  expect(phone.left).toBe(0);
  expect(budgets.hold(bob).left).toBe(1000);
  budgets.earn(2500);
  expect(phone.left).toBe(250);
  budgets.earn(60_000);
  expect(laptop.left).toBe(1000);
});

test("B4 coming back brings nothing that was not earned; what is full and not in use is forgotten", () => {
  const budgets = new RelayBudgets({ bytesPerSecond: 100, burstBytes: 1000 });
  const before = budgets.hold(ada);
  before.left -= 1500;
  budgets.giveBack(before);
  budgets.earn(1000);
  expect(budgets.hold(ada).left).toBe(-400);
  budgets.earn(14_000);
  expect(budgets.size).toBe(1);
  budgets.giveBack(before);
  budgets.earn(1);
  expect(budgets.size).toBe(0);
});
