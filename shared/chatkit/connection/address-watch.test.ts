import { afterEach, beforeEach, expect, test } from "vitest";
import type { TransportAddress } from "../../protocol/index.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { ADDRESSES_EVERY_MS, AddressWatch } from "./address-watch.ts";

let clock: FakeClock;
let addresses: readonly TransportAddress[];
let told: (readonly TransportAddress[])[];
let watch: AddressWatch;

const at = (address: string): TransportAddress => ({ address, port: 0 });

beforeEach(() => {
  clock = new FakeClock();
  addresses = [at("192.0.2.1"), at("2001:db8::1")];
  told = [];
  watch = new AddressWatch({
    clock,
    addresses: () => addresses,
    onChange: (changed) => told.push(changed),
  });
});

afterEach(() => {
  watch.close();
  expect(clock.pendingTimers).toBe(0);
});

test("L13: other addresses are told once, within one look", async () => {
  await clock.advance(10 * ADDRESSES_EVERY_MS);
  expect(told).toEqual([]);
  addresses = [at("198.51.100.1")];
  await clock.advance(ADDRESSES_EVERY_MS - 1);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual([addresses]);
  await clock.advance(10 * ADDRESSES_EVERY_MS);
  expect(told).toHaveLength(1);
});

test("L13: one that is gone, and one that came besides, are changes; another order is none", async () => {
  addresses = addresses.toReversed();
  await clock.advance(ADDRESSES_EVERY_MS);
  expect(told).toEqual([]);
  addresses = addresses.slice(1);
  await clock.advance(ADDRESSES_EVERY_MS);
  addresses = [...addresses, at("198.51.100.1")];
  await clock.advance(ADDRESSES_EVERY_MS);
  expect(told).toHaveLength(2);
});
