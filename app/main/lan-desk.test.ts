import * as v from "valibot";
import { expect, test } from "vitest";
import { DeviceId } from "../lan/lan.ts";
import type { BridgeLanEvent, BridgeServer } from "../preload/bridge.ts";
import { LanDesk, type LanDeskOptions } from "./lan-desk.ts";

type Lan = NonNullable<LanDeskOptions["lan"]>;
type Handlers = Parameters<Lan["join"]>[1];

const ada = v.parse(DeviceId, `${"A".repeat(21)}A`);
const ben = v.parse(DeviceId, `${"B".repeat(21)}A`);
const ignore = (): void => undefined;

function desk() {
  const told: BridgeLanEvent[] = [];
  const servers: (readonly BridgeServer[])[] = [];
  const joined: Handlers[] = [];
  const ended: string[] = [];
  const made = new LanDesk({
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    tell: (event) => told.push(event),
    tellServers: (found) => servers.push(found),
    lan: {
      join: (self, handlers) => {
        joined.push(handlers);
        return {
          state: "starting",
          send: async (to) => {
            if (to !== ben) throw new Error("nobody");
          },
          close: () => ended.push(self),
        };
      },
    },
    browse: (onChange) => {
      onChange([]);
      return () => ended.push("search");
    },
  });
  return { desk: made, told, servers, joined, ended };
}

test("the page hears of its own membership, and of no former one", () => {
  const { desk: lan, told, joined, ended } = desk();
  lan.join(ada);
  joined[0]?.onNear(ben);
  joined[0]?.onText("{}");
  lan.join(ben);
  joined[0]?.onGone(ben);
  joined[1]?.onState("working");
  expect(told).toEqual([
    { type: "state", state: "starting" },
    { type: "near", device: ben },
    { type: "text", text: "{}" },
    { type: "state", state: "starting" },
    { type: "state", state: "working" },
  ]);
  expect(ended).toEqual([ada]);
  lan.reset();
  joined[1]?.onNear(ada);
  expect(told).toHaveLength(5);
  expect(ended).toEqual([ada, ben]);
});

test("a text that nobody took is told as such, and harms nothing", async () => {
  const { desk: lan } = desk();
  expect(await lan.send(ben, "{}")).toBe(false);
  lan.join(ada);
  expect(await lan.send(ben, "{}")).toBe(true);
  expect(await lan.send(ada, "{}")).toBe(false);
});

test("one search at a time, and none without a page", () => {
  const { desk: lan, servers, ended } = desk();
  lan.watchServers();
  lan.watchServers();
  expect([servers.length, ended]).toEqual([2, ["search"]]);
  lan.reset();
  lan.unwatchServers();
  expect(ended).toEqual(["search", "search"]);
});
