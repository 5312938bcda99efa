import { expect, test } from "vitest";
import type { ChatMessage, ClientEvent } from "./client-wire.ts";
import { measureStage, type Stage, type StageClient } from "./demo-stage.ts";

const MESSAGES = 20;

/** Ada sends and Ben receives what `deliver` makes of it; everything is settled at once. */
async function run(
  deliver: (sent: readonly ChatMessage[]) => readonly ChatMessage[],
  change: Partial<ChatMessage> = {},
) {
  const sent: ChatMessage[] = [];
  const events: ClientEvent[] = [];
  const ada: StageClient = {
    received: [],
    history: async () => [],
    async send(_to, text) {
      const id = `m${sent.length}`;
      const message = { id, from: "ada", own: false, text, state: "received", path: "direct" };
      sent.push({ ...message, ...change });
      events.push({
        event: "messageChanged",
        message: { ...message, own: true, state: "delivered" },
        at: 10 + sent.length,
      });
      return { id, at: 10 };
    },
    until: async (what, find) => first(what, events, find),
  };
  const ben: StageClient = {
    get received() {
      return deliver(sent);
    },
    history: async () => deliver(sent),
    send: () => Promise.reject(new Error("ben only listens")),
    until: async (what, find) => first(what, [{ event: "connection", state: "online" }], find),
  };
  const stage: Stage = {
    name: "direct",
    path: "direct",
    messages: MESSAGES,
    ways: [{ from: { name: "ada", client: ada }, to: { name: "ben", client: ben } }],
  };
  return measureStage(stage);
}

function first<T>(
  what: string,
  events: readonly ClientEvent[],
  find: (event: ClientEvent) => T | undefined,
): T {
  for (const event of events) {
    const found = find(event);
    if (found !== undefined) return found;
  }
  throw new Error(`in vain: ${what}`);
}

test("a stage passes where everything came once, in order, by its path", async () => {
  expect(await run((sent) => sent)).toEqual({
    stage: "direct",
    sent: MESSAGES,
    received: MESSAGES,
    duplicated: 0,
    outOfOrder: 0,
    path: "direct",
    p50Ms: 10,
    p99Ms: 20,
    passed: true,
  });
});

test("one lost message fails it", async () => {
  const result = await run((sent) => sent.filter(({ id }) => id !== "m7"));
  expect(result).toMatchObject({ received: MESSAGES - 1, passed: false });
});

test("one doubled message fails it", async () => {
  const result = await run((sent) => [...sent, ...sent.slice(-1)]);
  expect(result).toMatchObject({ received: MESSAGES, passed: false });
  expect(result.duplicated).toBeGreaterThan(0);
});

test("two messages in the wrong order fail it", async () => {
  const result = await run((sent) => [...sent.slice(1, 2), ...sent.slice(0, 1), ...sent.slice(2)]);
  expect(result).toMatchObject({ received: MESSAGES, duplicated: 0, passed: false });
  expect(result.outOfOrder).toBeGreaterThan(0);
});

test("another path fails it", async () => {
  const result = await run((sent) => sent, { path: "relayed" });
  expect(result).toMatchObject({ path: "direct+relayed", passed: false });
});
