import { expect, test, vi } from "vitest";
import { closeCodes } from "../../shared/protocol/index.ts";
import { TestClient } from "../testing/test-client.ts";
import { startTestServer } from "../testing/test-server.ts";

test("pages of foreign origins are refused, programs and own pages are not", async () => {
  await using server = await startTestServer({ allowedOrigins: ["https://chat.example"] });
  const from = (origin: string): Promise<TestClient> =>
    TestClient.connect(server.port, { headers: { origin } });
  await using own = await from(`http://127.0.0.1:${server.port}`);
  await using allowed = await from("https://chat.example");
  await own.request("server.info", {});
  await allowed.request("server.info", {});
  for (const origin of ["https://evil.example", "http://127.0.0.1", "null", "x"]) {
    await expect(from(origin)).rejects.toThrow("403");
  }
});

test("another major version is told so; no version at all is refused", async () => {
  await using server = await startTestServer();
  await using newer = await TestClient.connect(server.port, { subprotocol: "beeline.9" });
  expect(await newer.closed).toBe(closeCodes.unsupportedVersion);
  await expect(TestClient.connect(server.port, { subprotocol: "chat" })).rejects.toThrow("400");
});

test("B7 connections are bounded", async () => {
  await using server = await startTestServer({ maxConnections: 1 });
  await using first = await TestClient.connect(server.port);
  await expect(TestClient.connect(server.port)).rejects.toThrow("503");
  await first.request("server.info", {});
});

test("behind a trusted proxy the address is the one that the proxy wrote", async () => {
  await using server = await startTestServer({ trustProxy: true });
  const [ada, bob] = await server.buddies("ada", "bob");
  const headers = { "x-forwarded-for": "10.9.9.9, ::ffff:203.0.113.5" };
  await using moved = await TestClient.connect(server.port, { headers });
  await moved.resume(ada.keys);
  const { presence } = await bob.event("presence.changed");
  expect(presence.endpoints[0]?.observed).toEqual({ address: "203.0.113.5", port: 0 });
});

test("draining answers what runs and sends everybody away", async () => {
  await using server = await startTestServer();
  const [ada, bob] = await server.buddies("ada", "bob");
  const { accounts } = server.store;
  const write = accounts.setDisplayName.bind(accounts);
  const held = Promise.withResolvers<void>();
  vi.spyOn(accounts, "setDisplayName").mockImplementation(async (...change) => {
    await held.promise;
    await write(...change);
  });
  const running = ada.request("account.setProfile", { displayName: "Ada L." });
  // The request has been read when one sent after it is answered.
  await ada.request("server.info", {});
  const drained = server.drain();
  held.resolve();
  await drained;
  expect(await running).toMatchObject({ displayName: "Ada L." });
  expect(await Promise.all([ada.closed, bob.closed])).toEqual([
    closeCodes.goingAway,
    closeCodes.goingAway,
  ]);
  await expect(TestClient.connect(server.port)).rejects.toThrow("503");
  const account = await server.store.accounts.byId(ada.userId);
  expect(account?.lastSeen).toBe(server.clock.now());
});
