import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { befriend, EngineDevice } from "./support/engine-device.ts";
import { administer, RendezvousProcess } from "./support/rendezvous-process.ts";

let folder: string;
let server: RendezvousProcess;
const open: EngineDevice[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-who-"));
  server = await RendezvousProcess.start(join(folder, "server"));
}, 30_000);

afterEach(async () => {
  await Promise.all(open.splice(0).map((device) => device.kit.close()));
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function device(userName: string, machine = userName): EngineDevice {
  const { address } = server;
  const made = new EngineDevice({ server: address, dataFolder: join(folder, machine), userName });
  open.push(made);
  return made;
}

async function couple(): Promise<readonly [EngineDevice, EngineDevice]> {
  const [ada, ben] = [await device("ada").register(), await device("ben").register()];
  await befriend(ada, ben);
  return [ada, ben];
}

function kinds(who: EngineDevice): readonly string[] {
  return who.notices.map(({ kind }) => kind);
}

test(
  "I10: two compare, and a device more at one is told to the other",
  { timeout: 40_000 },
  async () => {
    const [ada, ben] = await couple();
    const [atAda, atBen] = [
      await ada.kit.safety.of(ada.userId("ben")),
      await ben.kit.safety.of(ben.userId("ada")),
    ];
    expect(atAda.number).toBe(atBen.number);
    expect(await ben.kit.safety.matches(ben.userId("ada"), atAda.code)).toBe(true);
    await ben.kit.safety.setVerified(ben.userId("ada"), true);

    const changes: unknown[] = [];
    ben.kit.on("safety", ({ verified, change }) => {
      if (change !== undefined) changes.push({ verified, change });
    });
    const phone = await device("ada", "ada-phone").signIn();
    await ada.until("the phone", () => ada.kit.devices.list().length === 2);
    await ada.until("the notice", () => kinds(ada).includes("own-devices-changed"));
    expect(kinds(phone)).toEqual([]);
    await ben.send("ada", "to both");
    await Promise.all([
      ada.until("the message", () => ada.received.length === 1),
      phone.until("the message", () => phone.received.length === 1),
    ]);
    expect(changes).toMatchObject([
      { verified: false, change: { wasVerified: true, reset: false, added: 1, removed: 0 } },
    ]);
    expect((await ben.kit.safety.of(ben.userId("ada"))).number).toBe(
      (await phone.kit.safety.of(phone.userId("ben"))).number,
    );

    const own = ada.kit.devices.list();
    expect(own.map(({ current, vouched }) => [current, vouched])).toEqual([
      [true, true],
      [false, true],
    ]);
    const gone = own[1]?.deviceId;
    if (gone === undefined) throw new Error("no phone");
    await ada.kit.devices.remove(gone);
    await phone.until("the end", () => phone.kit.connection.state === "signed-out");
    await ben.send("ada", "to one");
    await ada.until("the message", () => ada.received.length === 2);
    expect(ada.kit.devices.list()).toHaveLength(1);
    expect((await ben.kit.safety.of(ben.userId("ada"))).change).toMatchObject({
      added: 1,
      removed: 1,
    });
    expect([...kinds(ada), ...kinds(ben)].filter((kind) => kind === "server-untrusted")).toEqual(
      [],
    );
  },
);

test(
  "I6: a password that an administrator gave out begins the list anew, loudly",
  { timeout: 40_000 },
  async () => {
    const [ada, ben] = await couple();
    await ben.kit.safety.setVerified(ben.userId("ada"), true);
    const password = "given out by hand";
    const file = join(folder, "password");
    await writeFile(file, password, { mode: 0o600 });
    await administer(server.dataFolder, ["user", "reset-password", "ada", "--password-file", file]);
    const phone = device("ada", "ada-phone");
    await phone.kit.signIn({ userName: "ada", password });
    expect(kinds(phone)).toEqual(["own-devices-changed"]);
    const told = async (): Promise<boolean> =>
      (await ben.kit.safety.of(ben.userId("ada"))).change?.reset === true;
    await expect.poll(told, { timeout: 10_000 }).toBe(true);
    await ben.send("ada", "hello");
    await phone.until("the message", () => phone.received.length === 1);
    expect(ada.received).toEqual([]);
  },
);

test("I9: a server restored from a backup gets the lists back", { timeout: 60_000 }, async () => {
  const [ada, ben] = await couple();
  await server.stop("SIGTERM");
  await cp(server.dataFolder, join(folder, "backup"), { recursive: true });
  await server.start();
  ada.kit.reconnectNow();
  await ada.until("online", () => ada.kit.connection.state === "online");
  const phone = await device("ada", "ada-phone").signIn();
  await ada.until("the phone", () => ada.kit.devices.list().length === 2);
  await ben.until("online", () => ben.kit.connection.state === "online");
  await ben.send("ada", "before");
  await phone.until("the message", () => phone.received.length === 1);

  await server.stop("SIGKILL");
  await rm(server.dataFolder, { recursive: true });
  await cp(join(folder, "backup"), server.dataFolder, { recursive: true });
  await server.start();
  for (const one of [ada, ben]) {
    one.kit.reconnectNow();
    await one.until("online", () => one.kit.connection.state === "online");
  }
  await phone.until("the end", () => phone.kit.connection.state === "signed-out");
  await phone.signIn();
  await ben.until("her phone", () => ben.entry("ada")?.devices.length === 2);
  await ben.send("ada", "after");
  await Promise.all([
    ada.until("the message", () => ada.received.includes("after")),
    phone.until("the message", () => phone.received.includes("after")),
  ]);
  expect(kinds(ada)).toContain("server-untrusted");
  expect((await ben.kit.safety.of(ben.userId("ada"))).number).toBe(
    (await ada.kit.safety.of(ada.userId("ben"))).number,
  );
});

test(
  "I9: a server restored from a backup on which a list grew otherwise leads back to talking",
  { timeout: 90_000 },
  async () => {
    const [ada, ben] = await couple();
    await server.stop("SIGTERM");
    await cp(server.dataFolder, join(folder, "backup"), { recursive: true });
    await server.start();
    for (const one of [ada, ben]) {
      one.kit.reconnectNow();
      await one.until("online", () => one.kit.connection.state === "online");
    }
    const phone = await device("ada", "ada-phone").signIn();
    await ben.until("her phone", () => ben.entry("ada")?.devices.length === 2);
    await ben.send("ada", "before");
    await Promise.all([
      ada.until("the message", () => ada.received.includes("before")),
      phone.until("the message", () => phone.received.includes("before")),
    ]);
    await ben.kit.safety.setVerified(ben.userId("ada"), true);

    await Promise.all([ada.kit.close(), phone.kit.close()]);
    await server.stop("SIGKILL");
    await rm(server.dataFolder, { recursive: true });
    await cp(join(folder, "backup"), server.dataFolder, { recursive: true });
    await server.start();
    // Nobody is there who knows of the phone; the tablet takes its place in the list.
    const tablet = await device("ada", "ada-tablet").signIn();
    ben.kit.reconnectNow();
    await ben.until("online", () => ben.kit.connection.state === "online");
    await ben.send("ada", "after");
    await tablet.until("the message", () => tablet.received.includes("after"));
    await tablet.send("ben", "and back");
    await ben.until("the answer", () => ben.received.includes("and back"));
    expect(await ben.kit.safety.of(ben.userId("ada"))).toMatchObject({
      verified: false,
      change: { wasVerified: true, reset: true, added: 1, removed: 1 },
    });

    // Her first device knows the phone's branch, and takes the other one by the password.
    const again = await device("ada").signIn();
    expect(kinds(again)).toContain("own-devices-changed");
    await ben.send("ada", "to both");
    await Promise.all([
      again.until("the message", () => again.received.includes("to both")),
      tablet.until("the message", () => tablet.received.includes("to both")),
    ]);
    expect((await ben.kit.safety.of(ben.userId("ada"))).number).toBe(
      (await again.kit.safety.of(again.userId("ben"))).number,
    );
  },
);
