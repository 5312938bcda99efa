import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { pino, type Logger } from "pino";
import { expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { Advertiser, LOOK_MS, type AdvertiserOptions } from "./advertiser.ts";
import { findService, type FoundService } from "./find-services.ts";
import type { OwnAddresses } from "./ipv4-interfaces.ts";
import { isModest, MAX_QUESTIONS, MAX_RECORDS, nearRule, RECEIVING } from "./multicast-socket.ts";
import type { ServiceAdvertisement } from "./service-advertisement.ts";

const LOOPBACK = "127.0.0.1";
const ship: ServiceAdvertisement = {
  type: "beeline",
  instance: "Ship 0a1b2c",
  port: 8383,
  txt: { v: "1", name: "Ship", tls: "1" },
};

/** A UDP port of its own for each test, instead of multicast DNS's. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

function on(...ipv4: readonly string[]): OwnAddresses {
  return { ipv4, fingerprint: ipv4.join(" ") };
}

function look(port: number, timeoutMs = 5000): Promise<FoundService | undefined> {
  const search = { type: "beeline", clock: systemClock, timeoutMs, port };
  return findService(LOOPBACK, search, ({ instance }) => instance === ship.instance);
}

function options(port: number, more: Partial<AdvertiserOptions> = {}): AdvertiserOptions {
  const log = pino({ level: "silent" });
  return { clock: new FakeClock(), log, addresses: () => on(LOOPBACK), port, ...more };
}

function counting(): { log: Logger; warnings: string[] } {
  const warnings: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) });
  return { log, warnings };
}

/** Somebody in the network, by bytes. */
async function neighbour(port: number): Promise<Socket> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.bind(port, "0.0.0.0");
  await once(socket, "listening");
  socket.addMembership("224.0.0.251", LOOPBACK);
  socket.setMulticastInterface(LOOPBACK);
  return socket;
}

function question(...labels: readonly string[]): Buffer {
  // RFC 1035 §4.1: one question, PTR, IN.
  const header = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const name = labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([header, ...name, Buffer.from([0, 0, 12, 0, 1])]);
}

test("H12 a server is found with its port and what it says, and not after it has ended", async () => {
  const port = await freePort();
  const advertiser = await Advertiser.start(ship, options(port));
  const found = await look(port);
  expect(found).toMatchObject({ instance: ship.instance, port: 8383, from: LOOPBACK });
  expect(Object.fromEntries(found?.txt ?? [])).toEqual(ship.txt);
  const socket = await neighbour(port);
  const goodbye = once(socket, "message");
  await advertiser[Symbol.asyncDispose]();
  await advertiser[Symbol.asyncDispose]();
  await goodbye;
  socket.close();
  expect(await look(port, 200)).toBeUndefined();
});

test("H12 interfaces that come and go are followed", async () => {
  const port = await freePort();
  const clock = new FakeClock();
  let addresses = on();
  await using advertiser = await Advertiser.start(
    ship,
    options(port, { clock, addresses: () => addresses }),
  );
  expect(advertiser.on).toEqual([]);
  addresses = on(LOOPBACK);
  clock.advance(LOOK_MS);
  expect(await look(port)).toMatchObject({ instance: ship.instance });
  addresses = on("127.0.0.2", LOOPBACK);
  await advertiser.look();
  expect(advertiser.on).toEqual(["127.0.0.2", LOOPBACK]);
  addresses = on();
  await advertiser.look();
  expect(advertiser.on).toEqual([]);
  expect(await look(port, 200)).toBeUndefined();
});

test("H12 an interface without multicast is told once, tried again, and harms no other", async () => {
  const port = await freePort();
  const { log, warnings } = counting();
  // RFC 5737: nobody's.
  const addresses = () => on("203.0.113.1", LOOPBACK);
  await using advertiser = await Advertiser.start(ship, options(port, { log, addresses }));
  await advertiser.look();
  await advertiser.look();
  expect(advertiser.on).toEqual([LOOPBACK]);
  expect(warnings).toHaveLength(1);
  expect(await look(port)).toBeDefined();
});

/** Somebody who counts what is said in the network. */
async function listener(port: number) {
  const socket = await neighbour(port);
  const heard = { answers: 0, questions: 0 };
  socket.on("message", (datagram: Buffer) => {
    // RFC 1035 §4.1.1: QR is the first bit of the flags.
    heard[((datagram[2] ?? 0) & 0x80) === 0 ? "questions" : "answers"] += 1;
  });
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await once(socket, "message");
  };
  return {
    heard,
    until,
    /** Resolves when everybody could hear it. */
    say: async (datagram: Buffer): Promise<void> => {
      const { answers, questions } = heard;
      socket.send(datagram, port, "224.0.0.251");
      await until(() => heard.answers + heard.questions > answers + questions);
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

const ASK = question("_beeline", "_tcp", "local");

test("H12 who asks without end gets a bounded number of answers; nonsense gets none", async () => {
  const port = await freePort();
  const { log, warnings } = counting();
  const clock = new FakeClock();
  await using advertiser = await Advertiser.start(ship, options(port, { clock, log }));
  expect(advertiser.on).toEqual([LOOPBACK]);
  using network = await listener(port);
  const { heard, say, until } = network;
  for (const nonsense of ["", "\0", "x".repeat(1400)]) await say(Buffer.from(nonsense));
  for (let asked = 0; asked < 200; asked += 1) await say(ASK);
  // Of the 20 its own first announcement is one, which may be out before anybody counts.
  await until(() => heard.answers >= 19);
  for (let turn = 0; turn < 20; turn += 1) await say(ASK);
  expect(heard.answers).toBeLessThanOrEqual(20);
  const { answers } = heard;
  clock.advance(1000);
  await say(ASK);
  await until(() => heard.answers > answers);
  expect(warnings).toEqual([]);
});

test("H12 of packets with many questions, or many records, nothing is read", () => {
  const packet = (questions: number, records: number): Buffer => {
    const bytes = Buffer.alloc(9000);
    bytes.writeUInt16BE(questions, 4);
    bytes.writeUInt16BE(records, 8);
    return bytes;
  };
  expect(isModest(packet(MAX_QUESTIONS, MAX_RECORDS))).toBe(true);
  expect(isModest(packet(MAX_QUESTIONS + 1, 0))).toBe(false);
  expect(isModest(packet(0, MAX_RECORDS + 1))).toBe(false);
  expect(isModest(Buffer.alloc(11))).toBe(false);
  expect(isModest(Buffer.alloc(9001))).toBe(false);
});

test("H12 a packet of many questions is not answered", async () => {
  const port = await freePort();
  await using advertiser = await Advertiser.start(ship, options(port));
  expect(advertiser.on).toEqual([LOOPBACK]);
  using network = await listener(port);
  const { heard, say, until } = network;
  await until(() => heard.answers > 0);
  const { answers } = heard;
  // All but the first by a pointer to the first one's name (RFC 1035 §4.1.4).
  const more = Array.from({ length: MAX_QUESTIONS }, () => Buffer.from([0xc0, 12, 0, 12, 0, 1]));
  const many = Buffer.concat([ASK, ...more]);
  many.writeUInt16BE(MAX_QUESTIONS + 1, 4);
  await say(many);
  await say(ASK);
  await until(() => heard.answers > answers);
  expect(heard.answers).toBe(answers + 1);
});

test("H12 only who is on a network of this machine is listened to", () => {
  const on = { family: "IPv4", mac: "", internal: false, netmask: "" } as const;
  const isNear = nearRule({
    en: [{ ...on, address: "198.51.100.7", cidr: "198.51.100.7/24" }],
    lo: undefined,
  });
  expect(["198.51.100.9", "192.168.1.9", "169.254.3.4", "127.0.0.1"].every(isNear)).toBe(true);
  expect(["203.0.113.9", "8.8.8.8", "2001:db8::1", ""].some(isNear)).toBe(false);
});

test("H12 in a flood no more than so many packets are looked at", async () => {
  const port = await freePort();
  const clock = new FakeClock();
  await using advertiser = await Advertiser.start(ship, options(port, { clock }));
  expect(advertiser.on).toEqual([LOOPBACK]);
  using network = await listener(port);
  const { heard, say, until } = network;
  for (let sent = 0; sent < RECEIVING.burst; sent += 1) await say(Buffer.alloc(12));
  const { answers } = heard;
  for (let turn = 0; turn < 20; turn += 1) await say(ASK);
  expect(heard.answers).toBe(answers);
  clock.advance(1000);
  await say(ASK);
  await until(() => heard.answers > answers);
});
