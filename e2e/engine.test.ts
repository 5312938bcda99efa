import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOLD_BACK_MS } from "../shared/chatkit/limits.ts";
import { Client } from "./client-driver.ts";
import { befriend, EngineDevice, textOf } from "./support/engine-device.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";

let folder: string;
let server: RendezvousProcess;
let people = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-engine-"));
  server = await RendezvousProcess.start(join(folder, "server"));
}, 30_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A name that no other test uses. */
function named(name: string): string {
  people += 1;
  return `${name}${people}`;
}

/** @param machine devices of one person need machines of their own */
function device(
  userName: string,
  options: { readonly machine?: string; readonly clockAheadMs?: number } = {},
): EngineDevice {
  const { machine = userName, ...rest } = options;
  return new EngineDevice({
    server: server.address,
    dataFolder: join(folder, machine),
    userName,
    ...rest,
  });
}

/** Two who are buddies. */
async function couple(): Promise<
  AsyncDisposable & { readonly ada: EngineDevice; readonly ben: EngineDevice }
> {
  const ada = await device(named("ada")).register();
  const ben = await device(named("ben")).register();
  await befriend(ada, ben);
  return {
    ada,
    ben,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([ada.kit.close(), ben.kit.close()]);
    },
  };
}

function numbered(prefix: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => `${prefix}${from + at}`);
}

async function sendAll(from: EngineDevice, to: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) await from.send(to, text);
}

async function got(who: EngineDevice, texts: readonly string[], timeoutMs?: number): Promise<void> {
  await who.until(`${texts.length} messages`, () => who.received.length >= texts.length, timeoutMs);
  expect(who.received).toEqual(texts);
}

async function delivered(who: EngineDevice, to: string): Promise<void> {
  const open = new Set((await who.sent(to)).map(({ id }) => id));
  const stop = who.kit.on("messageChanged", ({ id, delivery }) => {
    if (delivery.state === "delivered" || delivery.state === "read") open.delete(id);
  });
  for (const { id, delivery } of await who.sent(to)) {
    if (delivery.state === "delivered" || delivery.state === "read") open.delete(id);
  }
  await who.until("everything delivered", () => open.size === 0);
  stop();
}

describe("paths", () => {
  test("two who just became buddies talk directly, both ways", { timeout: 30_000 }, async () => {
    await using pair = await couple();
    const { ada, ben } = pair;
    await Promise.all([ada.directOpen(ben.userName), ben.directOpen(ada.userName)]);
    const hers = numbered("a", 1, 20);
    const his = numbered("b", 1, 20);
    await Promise.all([sendAll(ada, ben.userName, hers), sendAll(ben, ada.userName, his)]);
    await Promise.all([got(ben, hers), got(ada, his)]);
    await Promise.all([delivered(ada, ben.userName), delivered(ben, ada.userName)]);
    const paths = (await ada.sent(ben.userName)).map(({ delivery }) =>
      "path" in delivery ? delivery.path : "",
    );
    expect(new Set(paths)).toEqual(new Set(["direct"]));
    expect(await ada.history(ben.userName)).toEqual(await ben.history(ada.userName));
  });

  test(
    "a direct path cut without a word gives way to the relay, and comes back",
    { timeout: 40_000 },
    async () => {
      await using pair = await couple();
      const { ada, ben } = pair;
      await Promise.all([ada.directOpen(ben.userName), ben.directOpen(ada.userName)]);
      await sendAll(ada, ben.userName, numbered("a", 1, 10));
      await sendAll(ben, ada.userName, numbered("b", 1, 10));
      ada.peers.cut();
      ben.peers.cut();
      await Promise.all([
        sendAll(ada, ben.userName, numbered("a", 11, 30)),
        sendAll(ben, ada.userName, numbered("b", 11, 30)),
      ]);
      await Promise.all([got(ben, numbered("a", 1, 30)), got(ada, numbered("b", 1, 30))]);
      await delivered(ada, ben.userName);
      const last = (await ada.sent(ben.userName)).at(-1)?.delivery;
      expect(last).toMatchObject({ path: "relayed" });
      ada.peers.restore();
      ben.peers.restore();
      // The next attempt is due five seconds after the failed one at the latest.
      await Promise.all([
        ada.until("direct again", () => ada.link(ben.userName)?.direct === "open", 25_000),
        ben.until("direct again", () => ben.link(ada.userName)?.direct === "open", 25_000),
      ]);
      await sendAll(ada, ben.userName, numbered("a", 31, 35));
      await got(ben, numbered("a", 1, 35));
      await delivered(ada, ben.userName);
      expect((await ada.sent(ben.userName)).at(-1)?.delivery).toMatchObject({ path: "direct" });
    },
  );
});

describe("several devices", () => {
  test(
    "each gets messages, copies and read marks; one that was away gets them in order",
    { timeout: 30_000 },
    async () => {
      await using pair = await couple();
      const { ada, ben } = pair;
      const phone = await device(ada.userName, { machine: `${ada.userName}-phone` }).signIn();
      await ben.until("her phone", () => ben.entry(ada.userName)?.devices.length === 2);
      await ada.until("her phone", () => ada.kit.self?.devices.length === 2);
      await sendAll(ben, ada.userName, numbered("b", 1, 5));
      await Promise.all([got(ada, numbered("b", 1, 5)), got(phone, numbered("b", 1, 5))]);
      await ada.send(ben.userName, "a1");
      await phone.until("the copy", () => phone.told.some(({ own }) => own));
      expect(phone.told.filter(({ own }) => own).map(textOf)).toEqual(["a1"]);

      const { conversationId } = await ada.with(ben.userName);
      await ada.kit.conversations.markRead(conversationId);
      const isRead = (): boolean => phone.kit.conversations.get(conversationId)?.unread === 0;
      await phone.until("read on the phone", isRead);
      await phone.kit.close();

      await sendAll(ben, ada.userName, numbered("b", 6, 40));
      await ada.send(ben.userName, "a2");
      await got(ada, numbered("b", 1, 40));
      await ada.kit.conversations.markRead(conversationId);
      await using back = await device(ada.userName, {
        machine: `${ada.userName}-phone`,
      }).restore();
      await got(back, numbered("b", 6, 40));
      await back.until("the copy", () => back.told.some((message) => textOf(message) === "a2"));
      await back.until("read", () => back.kit.conversations.get(conversationId)?.unread === 0);
      expect(await back.history(ben.userName)).toEqual(await ada.history(ben.userName));
    },
  );
});

describe("the server is restarted while both write", () => {
  test.for(["SIGTERM", "SIGKILL"] as const)("by %s", { timeout: 40_000 }, async (signal) => {
    await using pair = await couple();
    const { ada, ben } = pair;
    // Everything has to go by the server.
    ada.peers.cut();
    ben.peers.cut();
    const hers = numbered("a", 1, 60);
    const his = numbered("b", 1, 60);
    const write = async (from: EngineDevice, to: string, texts: readonly string[]) => {
      await sendAll(from, to, texts.slice(0, 20));
      const downed = stopping.promise;
      await sendAll(from, to, texts.slice(20, 40));
      await downed;
      await sendAll(from, to, texts.slice(40));
    };
    const stopping = Promise.withResolvers<void>();
    const writing = Promise.all([write(ada, ben.userName, hers), write(ben, ada.userName, his)]);
    await ben.until("the first", () => ben.received.length > 0);
    await server.stop(signal);
    stopping.resolve();
    await writing;
    await server.start();
    await Promise.all([got(ben, hers, 30_000), got(ada, his, 30_000)]);
    await Promise.all([delivered(ada, ben.userName), delivered(ben, ada.userName)]);
    expect(ada.kit.connection.state).toBe("online");
    expect(await ada.history(ben.userName)).toEqual(await ben.history(ada.userName));
  });
});

test("a client killed with a full outbox sends it once", { timeout: 40_000 }, async () => {
  const ada = named("ada");
  await using ben = await device(named("ben")).register();
  const options = { server: server.address, dataFolder: join(folder, ada) };
  const texts = numbered("a", 1, 50);
  {
    await using client = new Client(options);
    await client.register(ada, "correct horse battery");
    await client.add(ben.userName);
    await ben.until("the request", () => ben.entry(ada)?.state === "pending");
    await ben.kit.roster.accept(ben.userId(ada));
    await client.until("a buddy", (event) =>
      event.event === "roster" && event.state === "buddies" ? true : undefined,
    );
    await client.cutDirect();
    for (const text of texts.slice(0, 25)) await client.send(ben.userName, text);
    await server.stop("SIGKILL");
    for (const text of texts.slice(25)) await client.send(ben.userName, text);
    await client.kill();
  }
  await server.start();
  await using client = new Client(options);
  expect(await client.restore(ada)).toBe(true);
  await got(ben, texts, 30_000);
  await client.until("the last is delivered", (event) =>
    event.event === "messageChanged" &&
    event.message.text === texts.at(-1) &&
    event.message.state === "delivered"
      ? true
      : undefined,
  );
  expect(await ben.history(ada)).toEqual(texts);
});

describe("who is no buddy any more", () => {
  test("gets nothing; added again, the old history is there", { timeout: 30_000 }, async () => {
    await using pair = await couple();
    const { ada, ben } = pair;
    await Promise.all([ada.directOpen(ben.userName), ben.directOpen(ada.userName)]);
    await ada.send(ben.userName, "before");
    await got(ben, ["before"]);
    const { conversationId } = await ada.with(ben.userName);

    await ada.kit.roster.remove(ada.userId(ben.userName));
    await expect(ada.kit.send(conversationId, "in vain")).rejects.toMatchObject({
      reason: "not-buddies",
    });
    await ben.until("gone", () => ben.entry(ada.userName) === undefined);
    await ada.until("no link", () => ada.kit.links().length === 0);
    await ben.until("no link", () => ben.kit.links().length === 0);

    await befriend(ben, ada);
    await ada.send(ben.userName, "again");
    await got(ben, ["before", "again"]);
    expect(await ben.history(ada.userName)).toEqual(["before", "again"]);
  });

  test(
    "blocked with messages on their way: they fail, and the reason is shown",
    {
      timeout: 30_000,
    },
    async () => {
      await using pair = await couple();
      const { ada, ben } = pair;
      const benId = ada.userId(ben.userName);
      await ada.send(ben.userName, "before");
      await got(ben, ["before"]);
      await ben.kit.close();
      await ada.until("he is gone", () => ada.entry(ben.userName)?.presence.show === "offline");
      const waiting = await ada.send(ben.userName, "waiting");
      await ada.kit.roster.block(benId);
      const failed = () => ada.kit.conversations.get(waiting.conversationId)?.last?.delivery;
      await ada.until("failed", () => failed()?.state === "failed");
      expect(failed()).toEqual({ state: "failed", reason: "not-buddies" });
      await expect(ada.kit.send(waiting.conversationId, "in vain")).rejects.toMatchObject({
        reason: "not-buddies",
      });

      await using back = await device(ben.userName).restore();
      expect(back.link(ada.userName)?.direct).not.toBe("open");
      await ada.kit.roster.unblock(benId);
      await back.until("gone", () => back.entry(ada.userName) === undefined);
      await befriend(ada, back);
      const resent = await ada.kit.resend(waiting.id);
      expect(resent.id).toBe(waiting.id);
      const startedAt = performance.now();
      await back.send(ada.userName, "hello again");
      await ada.until("his", () => ada.received.includes("hello again"));
      await ada.send(back.userName, "after");
      await back.until("hers", () => back.received.includes("after"));
      // Nothing waits for what failed and will never come.
      expect(performance.now() - startedAt).toBeLessThan(HOLD_BACK_MS);
      expect(back.told.filter((message) => textOf(message) === "waiting")).toHaveLength(1);
      expect(await back.history(ada.userName)).toEqual(await ada.history(back.userName));
    },
  );
});

describe("a wall clock that is wrong", () => {
  const day = 24 * 60 * 60 * 1000;
  test.for([day, 3 * day, -3 * day])(
    "by %i ms changes no order",
    { timeout: 30_000 },
    async (clockAheadMs) => {
      await using ada = await device(named("ada"), { clockAheadMs }).register();
      await using ben = await device(named("ben")).register();
      await befriend(ada, ben);
      const texts = numbered("m", 1, 8);
      for (const [index, text] of texts.entries()) {
        const [from, to] = index % 2 === 0 ? [ada, ben] : [ben, ada];
        await from.send(to.userName, text);
        await to.until(text, () => to.received.includes(text));
      }
      expect(await ada.history(ben.userName)).toEqual(texts);
      expect(await ben.history(ada.userName)).toEqual(texts);
      expect(ada.notices.map(({ kind }) => kind)).toContain("clock-differs");
    },
  );
});
