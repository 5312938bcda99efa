import { expect, test } from "vitest";
import type { RoutePolicy, UserId } from "../../protocol/index.ts";
import { ChatKitError, type Examination, type Route } from "../api.ts";
import { StoreError } from "../store.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { NetworkCalls } from "./network-calls.ts";

const ben = userIdOf(2);
const stranger = userIdOf(9);

class FakeAccount {
  readonly measured: UserId[] = [];
  failure: Error | undefined;
  #own: RoutePolicy = "automatic";

  readonly links = { status: () => [] };
  readonly roster = { isBuddy: (userId: UserId): boolean => userId === ben };
  readonly routes = {
    of: (userId: UserId): Route => ({ userId, own: this.#own, theirs: "lan-only" }),
    choose: async (_: UserId, policy: RoutePolicy): Promise<void> => {
      await Promise.resolve();
      if (this.failure !== undefined) throw this.failure;
      this.#own = policy;
    },
  };
  readonly examiner = {
    measure: async (userId: UserId): Promise<void> => void this.measured.push(userId),
    examine: (): Promise<readonly Examination[]> => Promise.resolve([]),
  };
}

function calls(account: FakeAccount | undefined): NetworkCalls {
  return new NetworkCalls(
    () => account,
    () => {
      if (account === undefined) throw new ChatKitError("not-open", "test");
      return account;
    },
  );
}

test("a route is shown and chosen for buddies; for others it is automatic, and not to be chosen", async () => {
  const account = new FakeAccount();
  const network = calls(account);
  expect(network.route(ben)).toEqual({ userId: ben, own: "automatic", theirs: "lan-only" });
  expect(await network.setRoute(ben, "relay-only")).toMatchObject({ own: "relay-only" });
  expect(network.route(stranger)).toEqual({
    userId: stranger,
    own: "automatic",
    theirs: "automatic",
  });
  const refusals = [
    network.setRoute(stranger, "lan-only"),
    network.measure(stranger),
    network.examine(stranger),
  ];
  for (const refusal of refusals) {
    await expect(refusal).rejects.toMatchObject({ reason: "not-buddies" });
  }
  await network.measure(ben);
  expect(account.measured).toEqual([ben]);
});

test("a route that could not be saved is an error of the store", async () => {
  const account = new FakeAccount();
  account.failure = new StoreError("full", "test");
  const setting = calls(account).setRoute(ben, "lan-only");
  await expect(setting).rejects.toMatchObject({ reason: "store-failed" });
});

test("without an account everything is automatic, and nothing can be chosen", async () => {
  const network = calls(undefined);
  expect(network.links()).toEqual([]);
  expect(network.route(ben)).toEqual({ userId: ben, own: "automatic", theirs: "automatic" });
  await expect(network.setRoute(ben, "lan-only")).rejects.toMatchObject({ reason: "not-open" });
  await expect(network.examine(ben)).rejects.toMatchObject({ reason: "not-open" });
});
