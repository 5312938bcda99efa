import { expect, test } from "vitest";
import type { Message } from "../../../shared/chatkit/api.ts";
import { orderAt } from "../../../shared/chatkit/history/order-at.ts";
import { FakeKit } from "../testing/fake-kit.ts";
import { conversationId, message } from "../testing/fake-people.ts";
import { ConversationModel } from "./conversation-model.ts";

const id = conversationId(1);
const NOW = Date.UTC(2026, 4, 4, 12);
const nth = (index: number, own = false): Message => ({
  ...message(1, index, [0, own, `m${index}`], NOW),
  order: index.toString().padStart(8, "0"),
});

/** A conversation of many messages, opened and read back to its first. */
async function readBack(count: number) {
  const kit = new FakeKit({ signedIn: true });
  const all = Array.from({ length: count }, (_, index) => nth(index));
  kit.messages.set(id, all);
  const model = new ConversationModel(kit, id);
  await model.open(0);
  let most = 0;
  while (!model.complete.value) {
    await model.loadOlder();
    most = Math.max(most, model.messages.value.length);
    model.trim("older");
  }
  const arrive = (one: Message): void => {
    all.push(one);
    model.put(one);
  };
  const orders = (): string[] => model.messages.value.map(({ order }) => order);
  const span = (from: number, to: number): string[] => all.slice(from, to).map((m) => m.order);
  return { model, all, most, arrive, orders, span };
}

test("reading far back holds a bounded part, and the way forward leaves nothing out", async () => {
  const { model, all, most, arrive, orders, span } = await readBack(4_000);
  expect(most).toBeLessThanOrEqual(2_060);
  expect(model.endHeld.value).toBe(false);
  expect(orders()).toEqual(span(0, model.messages.value.length));

  for (let index = 4_000; index < 4_200; index += 1) arrive(nth(index));
  expect(orders()).toEqual(span(0, model.messages.value.length));

  const seen = new Set(orders());
  while (!model.endHeld.value) {
    await model.loadNewer();
    model.trim("newer");
    expect(model.messages.value.length).toBeLessThanOrEqual(2_000);
    for (const order of orders()) seen.add(order);
  }
  expect(seen.size).toBe(all.length);
  expect(orders()).toEqual(span(all.length - model.messages.value.length, all.length));

  arrive(nth(4_200));
  expect(orders().at(-1)).toBe(all.at(-1)?.order);
});

test("from far back one comes to the end at once, also by writing", async () => {
  const asked = await readBack(2_500);
  await asked.model.loadEnd();
  expect(asked.orders()).toEqual(asked.span(2_440, 2_500));

  const wrote = await readBack(2_500);
  wrote.arrive(nth(2_500, true));
  await Promise.resolve();
  await Promise.resolve();
  expect(wrote.orders().at(-1)).toBe(nth(2_500).order);
  expect(wrote.model.endHeld.value).toBe(true);
});

test("a page that could not be read is told, and comes when asked for again", async () => {
  const kit = new FakeKit({ signedIn: true });
  kit.messages.set(id, [nth(0)]);
  const model = new ConversationModel(kit, id);
  const { history } = kit;
  kit.history = () => Promise.reject(new Error("the disk is gone"));
  await expect(model.open(0)).rejects.toThrow("the disk is gone");
  expect(model.failed.value).toBe(true);
  kit.history = history;
  await model.loadOlder();
  expect(model.failed.value).toBe(false);
  expect(model.ready.value).toBe(true);
  expect(model.messages.value).toHaveLength(1);
});

async function opened(count: number) {
  const kit = new FakeKit({ signedIn: true });
  const all = Array.from({ length: count }, (_, index) => nth(index));
  kit.messages.set(id, all);
  const model = new ConversationModel(kit, id);
  await model.open(0);
  return { kit, all, model, orders: () => model.messages.value.map(({ order }) => order) };
}

test("HI2: a message far back is shown in its place, with those around it", async () => {
  const { all, model, orders } = await opened(1_000);
  await model.showAround(nth(300));
  expect(model.shown.value?.id).toBe(nth(300).id);
  expect(orders()).toEqual(all.slice(261, 341).map(({ order }) => order));
  expect(model.complete.value).toBe(false);
  expect(model.endHeld.value).toBe(false);
  await model.loadOlder();
  await model.loadNewer();
  expect(orders()).toEqual(all.slice(201, 401).map(({ order }) => order));
});

test("HI2: a message that is held is shown without reading anything", async () => {
  const { kit, model, orders } = await opened(100);
  const before = orders();
  kit.history = () => Promise.reject(new Error("asked"));
  await model.showAround(nth(90));
  expect(orders()).toEqual(before);
  expect(model.shown.value?.id).toBe(nth(90).id);
});

test("HI2: what comes while the end is read is not left out", async () => {
  const { kit, all, model, orders } = await opened(150);
  await model.showAround(nth(20));
  const { history } = kit;
  let came = false;
  kit.history = async (...asked) => {
    const page = await history(...asked);
    if (!came) {
      came = true;
      const late = nth(150);
      all.push(late);
      model.put(late);
    }
    return page;
  };
  await model.loadNewer();
  await model.loadNewer();
  expect(model.endHeld.value).toBe(true);
  expect(orders().at(-1)).toBe(nth(150).order);
});

test("HI3: a date shows its first message, and the end where it is behind all", async () => {
  const kit = new FakeKit({ signedIn: true });
  const at = (index: number): number => NOW + index * 60_000;
  const all = Array.from({ length: 500 }, (_, index) => ({
    ...nth(index),
    order: `${orderAt(at(index))}0000`,
  }));
  kit.messages.set(id, all);
  const model = new ConversationModel(kit, id);
  await model.open(0);
  await model.showDate(at(100) - 1);
  expect(model.shown.value?.id).toBe(all[100]?.id);
  await model.showDate(at(10_000));
  expect(model.shown.value?.id).toBe(all.at(-1)?.id);
});
