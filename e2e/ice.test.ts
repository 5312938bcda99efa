import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { befriend, EngineDevice } from "./support/engine-device.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";
import { UdpNat } from "./support/udp-nat.ts";

test(
  "N1 two clients behind a NAT learn from the server how they are seen, and tell each other",
  { timeout: 60_000 },
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-ice-"));
    // The NAT stands where the clients look for STUN, and STUN itself beside it.
    const flags = ["--stun-host", "127.0.0.2"];
    await using server = await RendezvousProcess.start(join(folder.path, "server"), flags);
    const port = Number(new URL(server.address).port);
    await using nat = await UdpNat.listen("127.0.0.1", port, "127.0.0.2");
    const device = (userName: string): EngineDevice => {
      const dataFolder = join(folder.path, userName);
      return new EngineDevice({ server: server.address, dataFolder, userName });
    };
    await using ada = await device("ada").register();
    await using ben = await device("ben").register();
    ada.recorded.tellsOnly = ben.recorded.tellsOnly = "srflx";
    await befriend(ada, ben);

    for (const { recorded } of [ada, ben]) {
      await vi.waitUntil(() => recorded.candidates("srflx").length > 0, { timeout: 15_000 });
      expect(recorded.options[0]?.iceServers).toEqual([{ urls: [`stun:127.0.0.1:${port}`] }]);
      const outside = nat.ports.map((seen) => `127.0.0.1 ${seen} typ srflx`);
      const [told = ""] = recorded.candidates("srflx");
      expect(outside.some((end) => told.includes(end))).toBe(true);
    }
    const metrics = await (await fetch(new URL("/metrics", server.address))).text();
    expect(metrics).toMatch(/^beeline_stun_total\{outcome="answered"\} [1-9]/m);
  },
);

test("N6 with STUN off and no TURN, links open on one network and nobody else is asked", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-ice-"));
  const flags = ["--stun-port", "off"];
  await using server = await RendezvousProcess.start(join(folder.path, "server"), flags);
  const device = (userName: string): EngineDevice => {
    const dataFolder = join(folder.path, userName);
    return new EngineDevice({ server: server.address, dataFolder, userName });
  };
  await using ada = await device("ada").register();
  await using ben = await device("ben").register();
  await befriend(ada, ben);
  await ada.directOpen("ben");
  for (const { recorded } of [ada, ben]) {
    expect(recorded.options.flatMap(({ iceServers }) => iceServers)).toEqual([]);
    expect(recorded.candidates("srflx")).toEqual([]);
  }
});
