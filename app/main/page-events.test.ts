import { expect, it } from "vitest";
import type { BridgeEvent } from "../preload/bridge.ts";
import { PageEvents } from "./page-events.ts";

function setUp() {
  const told: BridgeEvent[] = [];
  return { told, events: new PageEvents((event) => told.push(event)) };
}

const link = (text: string) => ({ type: "link", link: text }) as const;
const reply = (text: string) => ({ type: "reply", tag: "c1", text }) as const;

it("keeps what happens before the page listens, and tells it once", () => {
  const { told, events } = setUp();
  events.tell(link("beeline://a"));
  expect(told).toEqual([]);
  events.listen();
  events.listen();
  events.tell(link("beeline://b"));
  expect(told).toEqual([link("beeline://a"), link("beeline://b")]);
});

it("waits for the next page when one has gone", () => {
  const { told, events } = setUp();
  events.listen();
  events.reset();
  events.tell({ type: "resumed" });
  expect(told).toEqual([]);
  events.listen();
  expect(told).toEqual([{ type: "resumed" }]);
});

it("keeps the last of a kind, every answer, and a bounded number", () => {
  const { told, events } = setUp();
  events.tell(link("beeline://a"));
  for (let n = 0; n < 40; n++) events.tell(reply(`${n}`));
  events.tell({ type: "mute", tag: "c1" });
  events.tell({ type: "mute", tag: "c2" });
  events.tell({ type: "idle", idle: true });
  events.tell({ type: "idle", idle: false });
  events.listen();
  expect(told).toHaveLength(16);
  expect(told.slice(-4)).toEqual([
    reply("39"),
    { type: "mute", tag: "c1" },
    { type: "mute", tag: "c2" },
    { type: "idle", idle: false },
  ]);
});
