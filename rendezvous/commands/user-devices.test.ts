import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closeCodes } from "../../shared/protocol/index.ts";
import { errorNameOf, newKeys, TestClient } from "../testing/test-client.ts";
import { ServerProcess, type Ended } from "./testing/program.ts";
import { runInside } from "./testing/run-inside.ts";

test("H7 an administrator sees devices, revokes one and removes an account, at once", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-devices-"));
  const run = (...argv: string[]): Promise<Ended> =>
    runInside(["user", ...argv, "--data", folder.path]);
  await using server = await ServerProcess.start(folder.path);
  await using laptop = await TestClient.register(server.port, "Ada");
  await using phone = await TestClient.connect(server.port);
  await phone.signIn("ada", { keys: newKeys(), name: "Ada's phone" });

  const shown = await run("show", "ada");
  expect(shown.stdout).toContain(laptop.userId);
  expect(shown.stdout).toMatch(new RegExp(`${phone.deviceId} +Ada's phone +signed in`));
  expect((await run("devices", "ada", "--json")).stdout).toContain(`"name":"Ada's phone"`);

  expect(await run("revoke-device", "ada", "tablet")).toMatchObject({
    code: 1,
    stderr: 'beeline-rendezvous: Ada has no device "tablet".\n',
  });
  expect((await run("revoke-device", "ada", "Ada's phone")).code).toBe(0);
  expect(await phone.closed).toBe(closeCodes.sessionEnded);
  expect((await run("devices", "ada")).stdout).not.toContain(phone.deviceId);
  await laptop.request("session.ping", {});

  expect(await run("remove", "ada")).toMatchObject({ code: 2 });
  await laptop.request("session.ping", {});
  expect((await run("remove", "ada", "--yes")).code).toBe(0);
  expect(await laptop.closed).toBe(closeCodes.sessionEnded);
  await using again = await TestClient.connect(server.port);
  expect(await errorNameOf(again.resume(laptop.keys))).toBe("session-ended");
  await again.register("Ada");

  const { stdout } = await runInside(["audit", "--data", folder.path]);
  const actions = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/)[1]);
  expect(actions).toEqual([
    "server-started",
    "registered",
    "signed-in",
    "device-added",
    "device-removed",
    "account-removed",
    "registered",
  ]);
});

test("H7 two devices of one name are told apart by their ids", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-devices-"));
  await using server = await ServerProcess.start(folder.path);
  await using one = await TestClient.register(server.port, "ada");
  await using two = await TestClient.connect(server.port);
  await two.signIn("ada", { keys: newKeys() });
  const revoke = (device: string): Promise<Ended> =>
    runInside(["user", "revoke-device", "ada", device, "--data", folder.path]);
  expect((await revoke("Laptop")).stderr).toContain("several devices");
  expect((await revoke(two.deviceId)).code).toBe(0);
  expect(await two.closed).toBe(closeCodes.sessionEnded);
  await one.request("session.ping", {});
});
