import { expect, it } from "vitest";
import { FixedLoginItem, LoginItemIsFixed } from "./fixed-login-item.ts";

function item(open: boolean, autoStart?: boolean) {
  const asked: boolean[] = [];
  const inner = { get: async () => open, set: async (wanted: boolean) => void asked.push(wanted) };
  const policy = {
    ...(autoStart === undefined ? {} : { autoStart }),
    leaves: () => autoStart === undefined,
  };
  return { item: new FixedLoginItem(inner, policy), asked };
}

it("is the person's where the administrator says nothing", async () => {
  const { item: mine, asked } = item(false);
  await mine.obey();
  expect(asked).toEqual([]);
  await mine.set(true);
  expect(asked).toEqual([true]);
  expect(await mine.get()).toBe(false);
});

it("is what the administrator says, and stays it", async () => {
  const { item: mine, asked } = item(false, true);
  await mine.obey();
  expect(asked).toEqual([true]);
  await expect(mine.set(false)).rejects.toThrow(LoginItemIsFixed);
  const right = item(true, true);
  await right.item.obey();
  expect(right.asked).toEqual([]);
});
