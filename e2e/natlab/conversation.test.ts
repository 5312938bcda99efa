import { expect, it } from "vitest";
import type { ChatMessage, ClientEvent } from "../client-wire.ts";
import { OneWay, type Talker } from "./conversation.ts";

/** Ada sends to Ben; `arrives` says what becomes of it there. */
async function talk(
  count: number,
  arrives: (sent: readonly ChatMessage[]) => readonly ChatMessage[] = (sent) => sent,
) {
  const sent: ChatMessage[] = [];
  const events: ClientEvent[] = [];
  const ada: Talker = {
    events,
    received: [],
    history: async () => [],
    send: async (_, text) => {
      const id = `m${sent.length}`;
      const message = { id, from: "ada", own: false, text, state: "received", path: "relayed" };
      sent.push(message);
      const changed = { ...message, own: true, state: "delivered" };
      events.push({ event: "messageChanged", message: changed, at: 100 + 10 * sent.length });
      return { id, at: 100 };
    },
  };
  const ben: Talker = {
    events: [],
    get received() {
      return arrives(sent);
    },
    history: async () => arrives(sent),
    send: () => Promise.reject(new Error("ben only listens")),
  };
  const way = new OneWay({ from: "ada", to: "ben" }, ada, ben, 20);
  for (let n = 0; n < count; n += 1) await way.send();
  return { way, sent };
}

it("knows path and time of each message", async () => {
  const { way, sent } = await talk(2);
  expect(way.sent).toBe(2);
  expect(way.path(0)).toBe("relayed");
  expect(way.path(2)).toBeUndefined();
  expect([way.countBy("relayed"), way.countBy("direct")]).toEqual([1, 0]);
  expect(way.firstMs).toBe(10);
  expect(way.slowest).toEqual({ from: "ada", number: 2, ms: 20, path: "relayed" });
  expect(await way.delivered(0)).toBe(true);
  expect(sent[1]?.text).toBe("000001".padEnd(20, "."));
});

it("counts nothing where all arrived once, in order", async () => {
  const { way } = await talk(12);
  expect(await way.count()).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
});

it("counts what is lost, doubled and out of order", async () => {
  const lost = await talk(12, (sent) => sent.slice(1));
  expect(await lost.way.count()).toEqual({ lost: 1, doubled: 0, outOfOrder: 0 });
  const doubled = await talk(3, (sent) => [...sent, ...sent.slice(-1)]);
  expect((await doubled.way.count()).doubled).toBeGreaterThan(0);
  const turned = await talk(3, (sent) => sent.toReversed());
  expect(await turned.way.count()).toEqual({ lost: 0, doubled: 0, outOfOrder: 2 });
});
