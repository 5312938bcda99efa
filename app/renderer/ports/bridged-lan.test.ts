import * as v from "valibot";
import { expect, test } from "vitest";
import type { LanHandlers, LanState } from "../../../shared/chatkit/ports.ts";
import { DeviceId } from "../../../shared/protocol/index.ts";
import type { BridgeLanEvent } from "../../preload/bridge.ts";
import { createBridgedLan } from "./bridged-lan.ts";

const ada = v.parse(DeviceId, `${"A".repeat(21)}A`);
const ben = v.parse(DeviceId, `${"B".repeat(21)}A`);

function bridge() {
  const handlers = new Set<(event: BridgeLanEvent) => void>();
  const asked: string[] = [];
  return {
    asked,
    emit: (event: BridgeLanEvent) => {
      for (const handler of handlers) handler(event);
    },
    joinLan: async (device: string) => {
      asked.push(`join ${device}`);
      if (device === ben) throw new Error("refused");
    },
    leaveLan: async () => void asked.push("leave"),
    sendLan: async (device: string) => device === ben,
    onLan: (handler: (event: BridgeLanEvent) => void) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}

function listening(): LanHandlers & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    onNear: (device) => told.push(`near ${device}`),
    onGone: (device) => told.push(`gone ${device}`),
    onText: (text) => told.push(`text ${text}`),
    onState: (state: LanState) => told.push(`state ${state}`),
  };
}

test("what the main process tells reaches the engine, until it leaves", async () => {
  const main = bridge();
  const engine = listening();
  const membership = createBridgedLan(main).join(ada, engine);
  expect(membership.state).toBe("starting");
  main.emit({ type: "state", state: "starting" });
  main.emit({ type: "state", state: "working" });
  main.emit({ type: "near", device: ben });
  main.emit({ type: "near", device: "no id" });
  main.emit({ type: "text", text: "{}" });
  main.emit({ type: "gone", device: ben });
  expect(engine.told).toEqual(["state working", `near ${ben}`, "text {}", `gone ${ben}`]);
  expect(membership.state).toBe("working");
  await membership.send(ben, "{}");
  await expect(membership.send(ada, "{}")).rejects.toThrow("nobody");
  membership.close();
  membership.close();
  main.emit({ type: "near", device: ben });
  expect(engine.told).toHaveLength(4);
  expect(main.asked).toEqual([`join ${ada}`, "leave"]);
});

test("a later membership ends the one before, whose end changes nothing then", () => {
  const main = bridge();
  const first = listening();
  const second = listening();
  const lan = createBridgedLan(main);
  const membership = lan.join(ada, first);
  lan.join(ada, second);
  membership.close();
  main.emit({ type: "text", text: "{}" });
  expect([first.told, second.told]).toEqual([[], ["text {}"]]);
  expect(main.asked).toEqual([`join ${ada}`, "leave", `join ${ada}`]);
});

test("where the main process refuses, it has failed", async () => {
  const engine = listening();
  const membership = createBridgedLan(bridge()).join(ben, engine);
  await expect.poll(() => membership.state).toBe("failed");
  expect(engine.told).toEqual(["state failed"]);
});
