import { Bonjour } from "bonjour-service";
import { afterEach, expect, test, vi } from "vitest";
import { FakeClock } from "../../shared/chatkit/testing/fake-clock.ts";
import { MemoryLog } from "../../shared/chatkit/testing/test-ports.ts";
import { DnsSd } from "./dns-sd.ts";
import {
  ASK_MS,
  FOUND_PER_ASK,
  MAX_PACKET_BYTES,
  MAX_QUESTIONS,
  MAX_RECORDS,
  PACKETS_IN,
  PACKETS_OUT,
} from "./limits.ts";
import { MulticastSocket } from "./multicast-socket.ts";
import { FakeMulticast } from "./testing/fake-multicast.ts";

const en = { name: "en", address: "192.168.1.7", cidr: "192.168.1.7/24" };
const log = new MemoryLog();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function socketOn(group: FakeMulticast, clock: FakeClock): Promise<MulticastSocket> {
  const socket = await MulticastSocket.open(en, { clock, log, open: group.open });
  closing.push(() => socket.close(() => undefined));
  return socket;
}

test("LAN6 so many packets are read and no more, and no long ones", async () => {
  const group = new FakeMulticast();
  const clock = new FakeClock();
  const socket = await socketOn(group, clock);
  let read = 0;
  socket.on("message", () => (read += 1));
  group.deliver(Buffer.alloc(MAX_PACKET_BYTES + 1), "192.168.1.9");
  expect(read).toBe(0);
  for (let n = 0; n < 2 * PACKETS_IN.burst; n++) {
    group.deliver(Buffer.alloc(MAX_PACKET_BYTES), "192.168.1.9");
  }
  expect(read).toBe(PACKETS_IN.burst);
  await clock.advance(1_000);
  group.deliver(Buffer.alloc(12), "192.168.1.9");
  expect(read).toBe(PACKETS_IN.burst + 1);
});

test("LAN6 packets of many questions or records, and from farther away, cost nothing", async () => {
  const group = new FakeMulticast();
  const socket = await socketOn(group, new FakeClock());
  let read = 0;
  socket.on("message", () => (read += 1));
  const packet = (questions: number, records: number): Buffer => {
    const bytes = Buffer.alloc(MAX_PACKET_BYTES);
    bytes.writeUInt16BE(questions, 4);
    bytes.writeUInt16BE(records, 10);
    return bytes;
  };
  for (let n = 0; n < PACKETS_IN.burst; n++) {
    group.deliver(packet(MAX_QUESTIONS + 1, 0), "192.168.1.9");
    group.deliver(packet(0, MAX_RECORDS + 1), "192.168.1.9");
    group.deliver(packet(1, 0), "198.51.100.9");
    group.deliver(Buffer.alloc(11), "192.168.1.9");
  }
  expect(read).toBe(0);
  group.deliver(packet(MAX_QUESTIONS, MAX_RECORDS), "192.168.1.9");
  expect(read).toBe(1);
});

test("LAN6 so many packets are sent and no more; a reader that throws ends nothing", async () => {
  const group = new FakeMulticast();
  const clock = new FakeClock();
  const socket = await socketOn(group, clock);
  const sent = vi.fn<(error: Error | null) => void>();
  const send = (): void => socket.send(Buffer.alloc(12), 0, 12, 5353, "224.0.0.251", sent);
  socket.on("message", () => {
    throw new Error("not read");
  });
  for (let n = 0; n < PACKETS_OUT.burst + 5; n++) send();
  expect(group.sent).toBe(PACKETS_OUT.burst);
  // Who waits for it goes on.
  expect(sent).toHaveBeenCalledTimes(PACKETS_OUT.burst + 5);
  await clock.advance(1 / PACKETS_OUT.perMs);
  send();
  expect(group.sent).toBe(PACKETS_OUT.burst + 1);
});

test("LAN8 where many answer, each asks the more seldom", async () => {
  const group = new FakeMulticast();
  const clock = new FakeClock();
  const many = 4 * FOUND_PER_ASK;
  for (let n = 0; n < many; n++) {
    const over = { socket: await socketOn(group, clock), bind: false, port: 5353 };
    const bonjour = new Bonjour(over);
    closing.push(() => bonjour.destroy());
    const config = { type: "beeline-peer", name: `n${n}`, port: 5000, probe: false };
    bonjour.publish({ ...config, host: `n${n}.local`, disableIPv6: true });
  }
  const found = new Set<string>();
  const dnsSd = new DnsSd({
    clock,
    log,
    interfaces: () => [en],
    multicast: group.open,
    type: "beeline-peer",
    onFound: ({ instance }) => found.add(instance),
    onGone: () => undefined,
    onLook: () => undefined,
  });
  closing.push(() => dnsSd.close());
  await vi.waitUntil(() => found.size === many);
  expect(dnsSd.askMs).toBe(ASK_MS);
  await clock.advance(1.25 * ASK_MS);
  expect(dnsSd.askMs).toBe(4 * ASK_MS);
});
