import { Bonjour } from "bonjour-service";
import { afterEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../../shared/chatkit/testing/fake-clock.ts";
import { MemoryLog } from "../../shared/chatkit/testing/test-ports.ts";
import { FoundTable } from "./found-table.ts";
import type { FoundService } from "./found-service.ts";
import { foundService } from "./found-service.ts";
import { lanInterfaces, localAddressRule } from "./interfaces.ts";
import { MAX_FOUND, MAX_FOUND_PER_DEVICE, MAX_FOUND_PER_SOURCE, MAX_INTERFACES } from "./limits.ts";
import { MulticastSocket } from "./multicast-socket.ts";
import { browseServers, serverOf, type LanServer } from "./servers.ts";
import { FakeMulticast } from "./testing/fake-multicast.ts";

const en = { name: "en", address: "192.168.1.7", cidr: "192.168.1.7/24" };
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function service(txt: Record<string, string>, rest: Partial<FoundService> = {}): FoundService {
  return {
    instance: "a server",
    port: 8080,
    source: "192.168.1.9",
    addresses: ["192.168.1.9"],
    ...rest,
    txt: new Map(Object.entries(txt)),
  };
}

describe("LAN10 what a server says of itself", () => {
  const isLocal = localAddressRule([en]);
  const pin = `${"a".repeat(42)}A`;
  test.for([
    [{}, "http://192.168.1.9:8080"],
    [{ host: "chat.example.org", tls: "1", path: "/chat" }, "https://chat.example.org:8080/chat"],
    [{ host: "[2001:db8::1]" }, "http://[2001:db8::1]:8080"],
  ] as const)("%j is shown as %s", ([said, address]) => {
    const server = serverOf(service({ v: "1", name: "Acme", tls: "0", ...said }), isLocal);
    expect(server).toEqual({ name: "Acme", address, secure: address.startsWith("https") });
  });

  test.for([
    { v: "2" },
    { tls: "yes" },
    { name: " \u0007 " },
    { host: "evil.example/#" },
    { host: "user@evil.example" },
    { path: "/../x?y" },
    { pin: "short" },
  ])("%j is not believed", (said) => {
    const txt = { v: "1", name: "Acme", tls: "1", ...said };
    expect(serverOf(service(txt), isLocal)).toBeUndefined();
  });

  test("a fingerprint goes with TLS only; a name is a short line", () => {
    const txt = { v: "1", name: `A\n\u202E${"b".repeat(99)}`, tls: "1", pin };
    const server = serverOf(service(txt), isLocal);
    expect(server?.pin).toBe(pin);
    expect(server?.name).toBe(`A  ${"b".repeat(61)}`);
    expect(serverOf(service({ ...txt, tls: "0" }), isLocal)?.pin).toBeUndefined();
  });

  test("LAN7 an address elsewhere is not shown", () => {
    const txt = { v: "1", name: "Acme", tls: "0" };
    const addresses = ["8.8.8.8", "127.0.0.1"];
    expect(serverOf(service(txt, { addresses }), isLocal)).toBeUndefined();
  });
});

test("LAN10 servers come and go", async () => {
  const group = new FakeMulticast();
  const clock = new FakeClock();
  const log = new MemoryLog();
  const parts = { clock, log, interfaces: () => [en], multicast: group.open };
  const socket = await MulticastSocket.open(en, { clock, log, open: group.open });
  const over = { socket, bind: false, port: 5353 };
  const server = new Bonjour(over);
  closing.push(() => server.destroy());
  const txt = { v: "1", name: "Acme", tls: "0" };
  server.publish({ type: "beeline", name: "Acme 12", port: 8080, txt, probe: false });
  const told: (readonly LanServer[])[] = [];
  closing.push(browseServers(parts, (servers) => told.push(servers)));
  await vi.waitUntil(() => told.length > 0);
  const acme = { name: "Acme", address: "http://192.168.1.7:8080", secure: false };
  expect(told).toEqual([[acme]]);
  server.unpublishAll();
  await vi.waitUntil(() => told.length > 1);
  expect(told.at(-1)).toEqual([]);
});

describe("bounds", () => {
  function table(): { found: FoundTable<string>; near: string[]; gone: string[] } {
    const near: string[] = [];
    const gone: string[] = [];
    const found = new FoundTable<string>(new FakeClock(), {
      onChanged: (key) => near.push(key),
      onGone: (key) => gone.push(key),
    });
    return { found, near, gone };
  }

  test("LAN6 announcements of one address, of one device, and in all", () => {
    const { found } = table();
    for (let n = 0; n < 2 * MAX_FOUND_PER_SOURCE; n++) {
      found.seen(`device ${n}`, service({}, { instance: `i${n}` }));
    }
    expect(found.size).toBe(MAX_FOUND_PER_SOURCE);
    for (let n = 0; n < 9; n++) found.seen("one", service({}, { source: `10.0.1.${n}` }));
    expect(found.of("one")).toHaveLength(MAX_FOUND_PER_DEVICE);
    for (let n = 0; n < 2 * MAX_FOUND; n++)
      found.seen(`many ${n}`, service({}, { source: `s${n}` }));
    expect(found.size).toBe(MAX_FOUND);
  });

  test("LAN6 a stranger's announcement of the same name replaces nobody's", () => {
    const { found, near, gone } = table();
    found.seen("ben", service({}, { port: 5000 }));
    found.seen("ben", service({}, { port: 6000, source: "192.168.1.66" }));
    expect(found.of("ben").map(({ port }) => port)).toEqual([5000, 6000]);
    found.drop(service({}, { source: "192.168.1.66" }));
    expect(found.of("ben").map(({ port }) => port)).toEqual([5000]);
    expect([near, gone]).toEqual([["ben", "ben", "ben"], []]);
  });

  test("what bonjour-service makes of foreign bytes is checked", () => {
    const good = { name: "i", port: 1, referer: { address: "10.0.0.1" } };
    expect(foundService(good)).toMatchObject({ addresses: ["10.0.0.1"] });
    expect(foundService({ ...good, addresses: ["10.0.0.1", 7, "::1", "10.0.0.2"] })).toMatchObject({
      addresses: ["10.0.0.1", "10.0.0.2"],
    });
    for (const bad of [
      { port: 0 },
      { port: "1" },
      { name: "" },
      { name: "n".repeat(64) },
      { referer: undefined },
      { referer: { address: "fe80::1" } },
    ]) {
      expect(foundService({ ...good, ...bad })).toBeUndefined();
    }
  });

  test("LAN7 only the local network is called", () => {
    const isLocal = localAddressRule([{ name: "en", address: "192.0.2.7", cidr: "192.0.2.7/25" }]);
    const local = ["10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "192.0.2.100"];
    expect(local.map(isLocal)).toEqual(local.map(() => true));
    const others = ["192.0.2.200", "8.8.8.8", "127.0.0.1", "0.0.0.0", "224.0.0.1", "::1", "x"];
    expect(others.map(isLocal)).toEqual(others.map(() => false));
  });

  test("loopback is no network, and a hundred interfaces are too many", () => {
    const info = {
      family: "IPv4",
      internal: false,
      address: "10.0.0.1",
      cidr: "10.0.0.1/8",
      netmask: "",
      mac: "",
    } as const;
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`veth${n}`, [info]]));
    expect(lanInterfaces(many)).toHaveLength(MAX_INTERFACES);
    expect(lanInterfaces({ lo: [{ ...info, internal: true }], none: undefined })).toEqual([]);
  });
});
