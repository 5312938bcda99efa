import { createSocket } from "node:dgram";
import { once } from "node:events";
import { pino } from "pino";
import { expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { readSettings } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { advertise } from "./advertise.ts";
import { checkAnnouncement } from "./doctor/announcement.ts";

const log = pino({ level: "silent" });
const LOOPBACK = "127.0.0.1";

function settings(flags: Readonly<Record<string, string | boolean>>): Settings {
  return readSettings({ flags: { tls: "off", ...flags }, env: {}, file: undefined });
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

test("H12 the doctor tells whether the announcement comes back", async () => {
  const port = await freePort();
  const network = { addresses: () => [LOOPBACK], port };
  const told = async (flags: Readonly<Record<string, string | boolean>>, on = network) =>
    (await checkAnnouncement(settings(flags), on)).map(({ state, text }) => `${state}: ${text}`);
  expect(await told({ announce: false })).toEqual(["good: Announcement: off."]);
  expect(await told({ host: LOOPBACK })).toEqual([
    "good: Announcement: only this machine reaches the server.",
  ]);
  expect(await told({}, { ...network, addresses: () => [] })).toEqual([
    "poor: Announcement: this machine is on no IPv4 network.",
  ]);
  expect((await told({}, { ...network, addresses: () => ["203.0.113.1"] }))[0]).toMatch(
    /^poor: Announcement: no multicast on 203\.0\.113\.1/,
  );
  expect(await told({})).toEqual([
    `good: Announcement: one would come back on ${LOOPBACK}; no server is running.`,
  ]);
  const addresses = () => ({ ipv4: [LOOPBACK], fingerprint: "" });
  await using running = await advertise(settings({}), 8383, {
    clock: systemClock,
    log,
    addresses,
    port,
  });
  expect(running?.on).toEqual([LOOPBACK]);
  expect(await told({})).toEqual([`good: Announcement: the server's comes back on ${LOOPBACK}.`]);
});
