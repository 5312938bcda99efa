import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeLan } from "../shared/chatkit/testing/fake-lan.ts";
import type { MessageId } from "../shared/protocol/index.ts";
import { befriend, EngineDevice } from "./support/engine-device.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";

/** Two people who know each other, on one network; the server is a process that can be stopped. */
describe("LAN5 without the server", () => {
  let folder: string;
  let server: RendezvousProcess;
  let lan: FakeLan;
  const open: EngineDevice[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "beeline-lan-"));
    server = await RendezvousProcess.start(join(folder, "server"));
    lan = new FakeLan();
  }, 30_000);
  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ kit }) => kit.close()));
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function device(userName: string, machine = userName): EngineDevice {
    const made = new EngineDevice({
      server: server.address,
      dataFolder: join(folder, machine),
      userName,
      lan,
    });
    open.push(made);
    return made;
  }

  /** The program begins on the same machine, with nobody to ask. */
  async function startOffline(userName: string, machine?: string): Promise<EngineDevice> {
    const started = device(userName, machine);
    expect(await started.kit.restore(userName)).toBe(true);
    return started;
  }

  /** They have written to each other, so that their conversation has its group. */
  async function acquainted(): Promise<readonly [ada: EngineDevice, ben: EngineDevice]> {
    const ada = await device("ada").register();
    const ben = await device("ben").register();
    await befriend(ada, ben);
    await ada.send("ben", "hello");
    await ben.until("the first message", () => ben.received.length === 1);
    await ben.send("ada", "hello back");
    await ada.until("the answer", () => ada.received.length === 1);
    return [ada, ben];
  }

  async function writeBothWays(ada: EngineDevice, ben: EngineDevice): Promise<void> {
    const delivered = (who: EngineDevice, id: MessageId): Promise<void> =>
      who.until("delivered", () => who.deliveryOf(id)?.state === "delivered");
    const one = await ada.send("ben", "over the LAN");
    const two = await ben.send("ada", "and back");
    await ben.until("her message", () => ben.received.includes("over the LAN"));
    await ada.until("his message", () => ada.received.includes("and back"));
    await Promise.all([delivered(ada, one.id), delivered(ben, two.id)]);
    expect(ada.deliveryOf(one.id)).toMatchObject({ path: "direct" });
    expect(ben.deliveryOf(two.id)).toMatchObject({ path: "direct" });
  }

  test("two who are restarted find each other and talk", { timeout: 60_000 }, async () => {
    const [before, beforeToo] = await acquainted();
    await Promise.all([before.kit.close(), beforeToo.kit.close()]);
    await server.stop("SIGTERM");
    expect(lan.members).toEqual([]);
    const ada = await startOffline("ada");
    const queued = await ada.send("ben", "written to nobody");
    const ben = await startOffline("ben");
    await Promise.all([ada.directOpen("ben"), ben.directOpen("ada")]);
    expect([ada.link("ben")?.near, ben.link("ada")?.near]).toEqual([true, true]);
    await ben.until("what waited", () => ben.received.includes("written to nobody"));
    await ada.until("delivered", () => ada.deliveryOf(queued.id)?.state === "delivered");
    await writeBothWays(ada, ben);
    expect(ada.kit.connection.state).not.toBe("online");
    // Nobody without a server comes to know anything new.
    expect(ada.notices).toEqual([]);
  });

  test("a link that breaks is replaced while the server is away", { timeout: 60_000 }, async () => {
    const [ada, ben] = await acquainted();
    await Promise.all([ada.directOpen("ben"), ben.directOpen("ada")]);
    await server.stop("SIGKILL");
    await ada.until("offline", () => ada.kit.connection.state !== "online");
    await ben.until("offline", () => ben.kit.connection.state !== "online");
    ada.peers.cut();
    ben.peers.cut();
    await ada.send("ben", "into the void");
    await ada.until("noticed", () => ada.link("ben")?.direct !== "open");
    ada.peers.restore();
    ben.peers.restore();
    await Promise.all([
      ada.until("direct again", () => ada.link("ben")?.direct === "open", 30_000),
      ben.until("direct again", () => ben.link("ada")?.direct === "open", 30_000),
    ]);
    await ben.until("what was lost", () => ben.received.includes("into the void"), 20_000);
    await writeBothWays(ada, ben);
    expect([ada.received, ben.received].map((texts) => new Set(texts).size)).toEqual([2, 3]);
  });

  test("strangers and removed devices get nothing", { timeout: 60_000 }, async () => {
    const [ada, ben] = await acquainted();
    // Ben's phone is taken out of his list, and Ada knows it.
    const phone = await device("ben", "phone").signIn();
    await ada.until("his phone", () => ada.entry("ben")?.devices.length === 2);
    const phoneId = phone.kit.self?.deviceId;
    if (phoneId === undefined) throw new Error("the phone has no id");
    const eve = await device("eve").register();
    await phone.kit.close();
    await ben.kit.devices.remove(phoneId);
    await ada.until("no phone", () => ada.entry("ben")?.devices.length === 1);
    for (const who of [ada, ben, eve]) await who.kit.close();
    await server.stop("SIGTERM");
    const first = lan.texts.length;
    const again = await startOffline("ada");
    await startOffline("eve");
    // It does not know yet that it is out, and would talk.
    const lost = device("ben", "phone");
    await lost.kit.restore("ben");
    await lost.until("it sees Ada", () => lost.link("ada")?.near === true);
    await lost.until("it gave up", () => lost.link("ada")?.direct === "failed", 30_000);
    expect(again.kit.links().filter(({ near }) => near)).toEqual([]);
    const hers = lan.texts.slice(first).filter(({ from }) => from === again.kit.self?.deviceId);
    expect(hers).toEqual([]);
    expect(again.notices).toEqual([]);
  });
});
