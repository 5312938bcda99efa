import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  closeCodes,
  eventFrame,
  limits,
  ProtocolError,
  resultFrame,
  type SignedIn,
  type UserId,
} from "../../protocol/index.ts";
import { ChatKitError, type ConnectionState } from "../api.ts";
import {
  CONNECT_TIMEOUT_MS,
  MAX_PENDING_REQUESTS,
  MAX_WAITING_REQUESTS,
  RECONNECT_MAX_MS,
  REQUEST_TIMEOUT_MS,
} from "../limits.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { rejection } from "../testing/rejection.ts";
import { testIdentity } from "../testing/device-logs.ts";
import { genesisFor } from "../trust/own-list.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { ScriptedServer } from "../testing/scripted-server.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import {
  fakePasswords,
  MemoryLog,
  seededRandom,
  testHello,
  WRONG_PASSWORD,
} from "../testing/test-ports.ts";
import { Connection } from "./connection.ts";
import { SUSPECT_TIMEOUT_MS } from "./heartbeat.ts";
import { opaquePasswords } from "./opaque-passwords.ts";
import { SLOW_ANSWER_MS } from "./rpc-socket.ts";
import { byPassword, byRegistration, type SigningIn } from "./sign-in.ts";

let clock: FakeClock;
let server: ScriptedServer;
let log: MemoryLog;
let connection: Connection;
let states: ConnectionState[];
let sessions: SignedIn[];
let broken: ProtocolError[];

const given: SigningIn = {
  userName: "ada",
  password: "correct horse",
  hello: testHello(),
  passwords: fakePasswords,
  onPasswordKeys: () => {},
};
const signIn = byPassword(given);

beforeEach(() => {
  clock = new FakeClock();
  server = new ScriptedServer(clock);
  log = new MemoryLog();
  states = [];
  sessions = [];
  broken = [];
  connection = new Connection({
    url: "ws://test/ws",
    ports: { clock, random: seededRandom(7), sockets: server.sockets, log },
    hello: testHello(),
    onProtocolError: (error) => broken.push(error),
  });
  connection.onState((state) => states.push(state));
  connection.onSession((session) => sessions.push(session));
});

afterEach(async () => {
  const closing = connection.close();
  await clock.advance(5_000);
  await closing;
  if (clock.pendingTimers > 0) throw new Error("a timer outlived the connection");
});

function socket(): (typeof server.sockets.connections)[number] {
  const newest = server.sockets.connections.at(-1);
  if (newest === undefined) throw new Error("no connection");
  return newest;
}

async function online(): Promise<void> {
  server.grant(1);
  connection.resume();
  await flushMicrotasks();
  expect(connection.state.state).toBe("online");
}

describe("signing in", () => {
  test("answers with the session; the state follows", async () => {
    const session = await connection.open(signIn);
    expect(session.profile.userId).toBe(userIdOf(1));
    expect(states.map((state) => state.state)).toEqual(["connecting", "online"]);
    expect(sessions).toEqual([session]);
    expect(socket().subprotocol).toBe("beeline.1");
  });

  test("a refusal rejects with the server's error, and nothing is tried again", async () => {
    server.script("session.signInFinish", () => {
      throw new ProtocolError("wrong-credential", "no");
    });
    await expect(connection.open(signIn)).rejects.toMatchObject({ errorName: "wrong-credential" });
    expect(connection.state).toEqual({ state: "idle" });
    await clock.advance(10 * 60_000);
    expect(server.sockets.connections).toHaveLength(1);
    expect(socket().open).toBe(false);
  });

  test("a refused sign-in can be followed by a good one", async () => {
    server.script("session.signInFinish", () => {
      throw new ProtocolError("wrong-credential", "no");
    });
    await expect(connection.open(signIn)).rejects.toThrow(ProtocolError);
    const genesis = (userId: UserId, passwordKeys: IdentityKeys): Uint8Array =>
      genesisFor(userId, testIdentity(1, 1), passwordKeys, 1);
    const session = await connection.open(byRegistration({ ...given, genesis }));
    expect(session.profile.userId).toBe(userIdOf(1));
  });

  test("A5: a wrong password is found out here, and no second half is sent", async () => {
    server.script("session.signInStart", () => ({
      response: WRONG_PASSWORD,
      challenge: `${"A".repeat(43)}=`,
    }));
    await expect(connection.open(signIn)).rejects.toMatchObject({ errorName: "wrong-credential" });
    expect(server.requests.map(({ method }) => method)).toEqual(["session.signInStart"]);
    expect(connection.state).toEqual({ state: "idle" });
  });

  test("the password's keys are told before the session begins", async () => {
    const order: string[] = [];
    connection.onSession(() => order.push("session"));
    await connection.open(byPassword({ ...given, onPasswordKeys: () => order.push("keys") }));
    expect(order).toEqual(["keys", "session"]);
  });

  test("closing between the halves ends it, and sends nothing more", async () => {
    const held = Promise.withResolvers<{ request: string; state: string }>();
    const passwords = { ...fakePasswords, startLogin: () => held.promise };
    const refused = rejection(connection.open(byPassword({ ...given, passwords })));
    await flushMicrotasks();
    const closing = connection.close();
    expect(await refused).toMatchObject({ reason: "closed" });
    held.resolve({ request: "AAAA", state: "" });
    await clock.advance(5_000);
    await closing;
    expect(server.requests).toEqual([]);
  });

  test("an answer that is none of OPAQUE is a refusal, not a hang", async () => {
    await expect(
      connection.open(byPassword({ ...given, passwords: opaquePasswords() })),
    ).rejects.toMatchObject({
      errorName: "internal",
    });
    expect(connection.state).toEqual({ state: "idle" });
  });

  test("without a server it is unreachable, and nothing is tried again", async () => {
    server.sockets.admission = "refuse";
    await expect(connection.open(signIn)).rejects.toMatchObject({
      reason: "server-unreachable",
      retryable: true,
    });
    await clock.advance(60_000);
    expect(server.sockets.connections).toHaveLength(1);
    expect(connection.state).toEqual({ state: "idle" });
  });

  test.each(["hang", "accept"] as const)(
    "a server that says nothing (%s) times out",
    async (way) => {
      server.sockets.admission = way;
      server.script("session.signInFinish", () => "never");
      const rejected = rejection(connection.open(signIn));
      await clock.advance(CONNECT_TIMEOUT_MS);
      expect(await rejected).toMatchObject({
        reason: "server-unreachable",
      });
      expect(connection.state).toEqual({ state: "idle" });
    },
  );

  test("a second one at the same time is refused", async () => {
    const first = connection.open(signIn);
    await expect(connection.open(signIn)).rejects.toMatchObject({ reason: "already-open" });
    expect(() => connection.resume()).toThrow(ChatKitError);
    await first;
  });

  test("A7: after a loss the device comes back by its key", async () => {
    await connection.open(signIn);
    socket().end(closeCodes.goingAway, "restart");
    await clock.advance(2_000);
    expect(connection.state.state).toBe("online");
    expect(sessions).toHaveLength(2);
    expect(sessions[1]?.deviceId).toBe(sessions[0]?.deviceId);
    expect(server.count("session.signInFinish")).toBe(1);
    expect(server.count("session.prove")).toBe(1);
  });
});

describe("resuming", () => {
  test("goes on for ever with growing, jittered pauses within the bound", async () => {
    server.sockets.admission = "refuse";
    server.grant(1);
    connection.resume();
    await clock.advance(30 * 60_000);
    const waits = states.filter((state) => state.state === "waiting");
    expect(waits.length).toBeGreaterThan(20);
    expect(waits.map((wait) => wait.attempt)).toEqual(waits.map((_, index) => index + 1));
    server.sockets.admission = "accept";
    await clock.advance(RECONNECT_MAX_MS);
    expect(connection.state.state).toBe("online");
  });

  test("pauses stay under min(max, min × 2^attempt) and differ from one another", async () => {
    server.sockets.admission = "refuse";
    const pauses: { readonly attempt: number; readonly ms: number }[] = [];
    connection.onState((state) => {
      if (state.state !== "waiting") return;
      pauses.push({ attempt: state.attempt, ms: state.retryAt - clock.now() });
    });
    server.grant(1);
    connection.resume();
    await clock.advance(20 * 60_000);
    for (const { attempt, ms } of pauses) {
      expect(ms).toBeLessThanOrEqual(Math.min(RECONNECT_MAX_MS, 500 * 2 ** attempt));
    }
    expect(Math.max(...pauses.map(({ ms }) => ms))).toBeGreaterThan(RECONNECT_MAX_MS / 2);
    expect(new Set(pauses.map(({ ms }) => ms)).size).toBeGreaterThan(pauses.length / 2);
  });

  test("honours the server's wish for a pause", async () => {
    server.script("session.prove", () => {
      throw new ProtocolError("rate-limited", "later", { retryAfterMs: 90_000 });
    });
    server.grant(1);
    connection.resume();
    await clock.advance(89_999);
    expect(server.sockets.connections).toHaveLength(1);
    await clock.advance(2_000);
    expect(server.sockets.connections.length).toBeGreaterThan(1);
  });

  test.each([
    ["session-ended", "session-ended"],
    ["account-disabled", "account-disabled"],
    ["wrong-device-key", "session-ended"],
  ] as const)("%s signs out for good", async (name, reason) => {
    server.script("session.prove", () => {
      throw new ProtocolError(name, "over");
    });
    connection.resume();
    await clock.advance(10 * 60_000);
    expect(connection.state).toEqual({ state: "signed-out", reason });
    expect(server.sockets.connections).toHaveLength(1);
  });

  test("reconnectNow cuts the pause short", async () => {
    server.sockets.admission = "refuse";
    server.grant(1);
    connection.resume();
    await clock.advance(5 * 60_000);
    expect(connection.state.state).toBe("waiting");
    server.sockets.admission = "accept";
    connection.reconnectNow();
    connection.reconnectNow();
    const before = server.sockets.connections.length;
    await flushMicrotasks();
    expect(connection.state.state).toBe("online");
    expect(server.sockets.connections).toHaveLength(before);
  });

  test("wall-clock jumps change nothing", async () => {
    await online();
    clock.jump(-365 * 86_400_000);
    await clock.advance(60_000);
    clock.jump(2 * 365 * 86_400_000);
    await clock.advance(60_000);
    expect(server.sockets.connections).toHaveLength(1);
    socket().end(1006, "");
    clock.jump(-86_400_000);
    await clock.advance(2_000);
    expect(connection.state.state).toBe("online");
  });

  test("a server that throws the client out at once is not stormed", async () => {
    server.grant(1);
    connection.resume();
    const unsubscribe = connection.onState((state) => {
      if (state.state === "online") server.lastEnd?.close(closeCodes.protocolViolation);
    });
    await clock.advance(10 * 60_000);
    unsubscribe();
    expect(server.sockets.connections.length).toBeLessThan(60);
  });
});

describe("close codes", () => {
  test.each([
    [closeCodes.replaced, "replaced"],
    [closeCodes.sessionEnded, "session-ended"],
    [closeCodes.unsupportedVersion, "unsupported-version"],
  ] as const)("%i means signed out: %s", async (code, reason) => {
    await online();
    server.lastEnd?.close(code);
    await clock.advance(10 * 60_000);
    expect(connection.state).toEqual({ state: "signed-out", reason });
    expect(server.sockets.connections).toHaveLength(1);
  });

  test.each([closeCodes.goingAway, closeCodes.unresponsive, closeCodes.signInTimeout, 1006, 1009])(
    "%i means back-off",
    async (code) => {
      await online();
      server.lastEnd?.close(code);
      await flushMicrotasks();
      expect(connection.state.state).toBe("waiting");
      await clock.advance(2_000);
      expect(connection.state.state).toBe("online");
    },
  );

  test("rateLimited means a pause first", async () => {
    await online();
    server.lastEnd?.close(closeCodes.rateLimited);
    await clock.advance(4_999);
    expect(server.sockets.connections).toHaveLength(1);
    await clock.advance(2_000);
    expect(connection.state.state).toBe("online");
  });
});

describe("heartbeat", () => {
  test("an idle connection is pinged, and stays", async () => {
    await online();
    await clock.advance(10 * limits.HEARTBEAT_MS);
    expect(server.count("session.ping")).toBeGreaterThanOrEqual(6);
    expect(server.sockets.connections).toHaveLength(1);
  });

  test("a busy connection is not", async () => {
    await online();
    for (let n = 0; n < 20; n += 1) {
      await connection.request("server.info", {});
      await clock.advance(limits.HEARTBEAT_MS / 2);
    }
    expect(server.count("session.ping")).toBe(0);
  });

  test("a half-open socket is given up and replaced", async () => {
    await online();
    socket().silence();
    // The ping is itself a request without an answer.
    await clock.advance(limits.HEARTBEAT_MS + SLOW_ANSWER_MS + SUSPECT_TIMEOUT_MS);
    expect(connection.state.state).toBe("waiting");
    expect(socket().closedByClient).toBe(closeCodes.unresponsive);
    await clock.advance(2_000);
    expect(connection.state.state).toBe("online");
    expect(server.sockets.connections).toHaveLength(2);
  });

  test("reconnectNow asks a silent connection whether it lives", async () => {
    await online();
    socket().silence();
    connection.reconnectNow();
    await clock.advance(SLOW_ANSWER_MS + SUSPECT_TIMEOUT_MS);
    expect(connection.state.state).toBe("waiting");
  });
});

describe("requests", () => {
  test("reject at once without a connection", async () => {
    await expect(connection.request("server.info", {})).rejects.toMatchObject({
      reason: "server-unreachable",
      retryable: true,
    });
  });

  test("reject with the server's error", async () => {
    await online();
    await expect(connection.request("roster.get", {})).rejects.toMatchObject({
      errorName: "unavailable",
      retryable: true,
    });
  });

  test("reject when the connection is lost before the answer", async () => {
    await online();
    server.script("server.info", () => "never");
    const lost = rejection(connection.request("server.info", {}));
    socket().end(1006, "");
    expect(await lost).toMatchObject({
      reason: "server-unreachable",
    });
  });

  test("time out; the late answer is dropped", async () => {
    await online();
    server.script("server.info", () => "never");
    const late = rejection(connection.request("server.info", {}));
    await clock.advance(REQUEST_TIMEOUT_MS);
    expect(await late).toMatchObject({
      reason: "server-unreachable",
    });
    server.lastEnd?.send(resultFrame(3, server.info()));
    await flushMicrotasks();
    expect(broken).toEqual([]);
    expect(connection.state.state).toBe("online");
  });

  test("are bounded", async () => {
    await online();
    server.script("server.info", () => "never");
    const waiting = Array.from({ length: MAX_PENDING_REQUESTS + MAX_WAITING_REQUESTS }, () =>
      connection.request("server.info", {}),
    );
    await expect(connection.request("server.info", {})).rejects.toMatchObject({
      errorName: "too-many-requests",
    });
    const outcomes = Promise.allSettled(waiting);
    await connection.close();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { reason: "closed" } });
    }
  });

  test("beyond those that wait for answers are sent when an answer comes", async () => {
    await online();
    server.script("server.info", () => "never");
    const first = connection.request("server.info", {});
    const others = Promise.allSettled(
      Array.from({ length: MAX_PENDING_REQUESTS - 1 }, () => connection.request("server.info", {})),
    );
    await flushMicrotasks();
    server.script("server.info", () => server.info());
    const behind = connection.request("server.info", {});
    let answered = false;
    void behind.then(() => {
      answered = true;
    });
    await flushMicrotasks();
    expect(answered).toBe(false);
    // The sign-in was requests 1 and 2.
    server.lastEnd?.send(resultFrame(3, server.info()));
    await first;
    await behind;
    await connection.close();
    await others;
  });

  test("over the frame's limit are refused before they are sent", async () => {
    await online();
    const request = "A".repeat(limits.MAX_TEXT_FRAME_BYTES);
    await expect(
      connection.request("account.passwordStart", { request, nextRequest: "A" }),
    ).rejects.toMatchObject({ errorName: "too-large" });
    expect(connection.state.state).toBe("online");
  });
});

describe("a server that breaks the protocol", () => {
  test.each([
    "not json",
    "[]",
    "{}",
    '{"jsonrpc":"2.0","id":"x","result":{}}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}',
    eventFrame("presence.changed", { userId: 7 }),
  ])("is reported, and costs nothing: %s", async (text) => {
    await online();
    server.lastEnd?.send(text);
    await flushMicrotasks();
    expect(broken).toHaveLength(1);
    expect(broken[0]).toBeInstanceOf(ProtocolError);
    expect(connection.state.state).toBe("online");
    await expect(connection.request("server.info", {})).resolves.toMatchObject({
      name: "scripted",
    });
  });

  test("a binary frame without a channel is reported", async () => {
    await online();
    server.lastEnd?.send(Uint8Array.of(1));
    await flushMicrotasks();
    expect(broken).toHaveLength(1);
  });

  test("a broken result rejects its request and is reported", async () => {
    await online();
    server.script("server.info", (_, client) => {
      client.end.send(resultFrame(3, { name: 1 }));
      return "never";
    });
    await expect(connection.request("server.info", {})).rejects.toMatchObject({
      errorName: "internal",
    });
    expect(broken).toHaveLength(1);
  });

  test("a broken answer to the sign-in is a refusal, not a hang", async () => {
    server.script("session.signInFinish", (_, client) => {
      client.end.send(resultFrame(2, {}));
      return "never";
    });
    await expect(connection.open(signIn)).rejects.toMatchObject({ errorName: "internal" });
  });

  test("an event of a newer server is ignored", async () => {
    await online();
    server.lastEnd?.send(eventFrame("weather.changed", {}));
    await flushMicrotasks();
    expect(broken).toEqual([]);
  });

  test("too many broken frames end the connection", async () => {
    await online();
    for (let n = 0; n < limits.MAX_OFFENCES; n += 1) server.lastEnd?.send("x");
    await flushMicrotasks();
    expect(connection.state.state).toBe("waiting");
    expect(broken).toHaveLength(limits.MAX_OFFENCES);
  });
});

describe("events", () => {
  test("come after the session, even in the same turn", async () => {
    const order: string[] = [];
    connection.onSession(() => order.push("session"));
    connection.onEvent("roster.removed", () => order.push("event"));
    connection.onState((state) => order.push(state.state));
    server.script("session.prove", (_, client) => {
      const session = { userId: userIdOf(1), deviceId: deviceIdOf(1) };
      client.signedIn(session);
      client.event("roster.removed", { userId: userIdOf(9) });
      const answer: SignedIn = {
        profile: { userId: session.userId, userName: "a", displayName: "a" },
        deviceId: session.deviceId,
        devices: [],
        logLength: 1,
        show: "online",
        statusText: "",
        roster: [],
        mailboxCount: 0,
        server: server.info(),
      };
      client.end.send(resultFrame(2, answer));
      client.event("roster.removed", { userId: userIdOf(8) });
      return "never";
    });
    connection.resume();
    await flushMicrotasks();
    expect(order).toEqual(["connecting", "session", "online", "event"]);
  });

  test("reach every handler although one throws, and none after its end", async () => {
    await online();
    const seen: string[] = [];
    connection.onEvent("mailbox.arrived", () => {
      throw new Error("mine");
    });
    const unsubscribe = connection.onEvent("mailbox.arrived", () => seen.push("first"));
    connection.onEvent("mailbox.arrived", ({ count }) => seen.push(`second ${count}`));
    server.clients.get(deviceIdOf(1))?.event("mailbox.arrived", { count: 3 });
    await flushMicrotasks();
    unsubscribe();
    server.clients.get(deviceIdOf(1))?.event("mailbox.arrived", { count: 4 });
    await flushMicrotasks();
    expect(seen).toEqual(["first", "second 3", "second 4"]);
    expect(log.entries.filter((entry) => entry.level === "error")).toHaveLength(2);
    expect(broken).toEqual([]);
  });
});

describe("the end", () => {
  test("signOut tells the server and stays signed out", async () => {
    await online();
    await connection.signOut({ forgetDevice: true });
    expect(server.requests.at(-1)).toEqual({
      method: "session.signOut",
      params: { forgetDevice: true },
    });
    expect(connection.state).toEqual({ state: "signed-out", reason: "by-user" });
    await clock.advance(60_000);
    expect(server.sockets.connections).toHaveLength(1);
  });

  test("signOut without a server ends it all the same", async () => {
    server.sockets.admission = "refuse";
    server.grant(1);
    connection.resume();
    await clock.advance(1_000);
    await connection.signOut({ forgetDevice: false });
    expect(connection.state).toEqual({ state: "signed-out", reason: "by-user" });
    await clock.advance(10 * 60_000);
    expect(connection.state.state).toBe("signed-out");
  });

  test("close ends in every phase and everything is refused afterwards", async () => {
    const opening = rejection(connection.open(signIn));
    await connection.close();
    await connection.close();
    expect(await opening).toMatchObject({ reason: "closed" });
    await expect(connection.request("server.info", {})).rejects.toMatchObject({ reason: "closed" });
    await expect(connection.open(signIn)).rejects.toMatchObject({ reason: "closed" });
    expect(connection.sendChannelData(1, Uint8Array.of(1))).toBe(false);
    expect(connection.state).toEqual({ state: "idle" });
  });

  test("close does not wait for a dead socket", async () => {
    await online();
    socket().silence();
    const closing = connection.close();
    await clock.advance(2_000);
    await closing;
    expect(connection.state).toEqual({ state: "idle" });
  });

  test("a handler may close from within", async () => {
    connection.onSession(() => void connection.close());
    server.grant(1);
    connection.resume();
    await clock.advance(60_000);
    expect(connection.state).toEqual({ state: "idle" });
    expect(states.map((state) => state.state)).toEqual(["connecting", "idle"]);
  });
});
