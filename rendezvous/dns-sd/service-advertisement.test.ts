import { expect, test } from "vitest";
import { readSettings } from "../config/read-settings.ts";
import { advertisementOf } from "./service-advertisement.ts";

const PIN = "AhQR-XSYZAA3u4eX7RSJuCYikCVWEVNkT0rao8jxy0A";

function said(flags: Readonly<Record<string, string | boolean>>, pin?: string) {
  return advertisementOf(readSettings({ flags, env: {}, file: undefined }), 8383, pin);
}

test.each([{ host: "127.0.0.1" }, { host: "::1" }, { host: "localhost" }, { announce: false }])(
  "H12 nothing is announced with %o",
  (flags) => {
    expect(said(flags)).toBeUndefined();
  },
);

test("H12 a server that listens on every address is found at its addresses", () => {
  expect(said({ name: "Ship" }, PIN)).toMatchObject({
    type: "beeline",
    port: 8383,
    txt: { v: "1", name: "Ship", tls: "1", pin: PIN },
  });
  expect(said({ tls: "off" })?.txt).toEqual({ v: "1", name: "Beeline", tls: "0" });
});

test("H12 a server that has been given an address is found there", () => {
  const proxied = { tls: "off", "trust-proxy": true };
  expect(said({ ...proxied, "public-address": "https://chat.example.org/beeline/" })).toMatchObject(
    {
      port: 443,
      txt: { tls: "1", host: "chat.example.org", path: "/beeline" },
    },
  );
  expect(said({ "public-address": "chat.example.org" }, PIN)).toMatchObject({
    port: 8383,
    txt: { tls: "1", host: "chat.example.org", pin: PIN },
  });
  expect(said({ "public-address": "http://[2001:db8::1]:8080" }, PIN)).toMatchObject({
    port: 8080,
    txt: { v: "1", name: "Beeline", tls: "0", host: "[2001:db8::1]" },
  });
  expect(said({ host: "192.0.2.7" })?.txt).toMatchObject({ host: "192.0.2.7", tls: "1" });
});

test("H12 an instance name is one label of its own, however long the server's name is", () => {
  const name = "船".repeat(64);
  const [one, two] = [said({ name }), said({ name })];
  expect(Buffer.byteLength(one?.instance ?? "")).toBeLessThanOrEqual(63);
  expect(one?.instance).toMatch(/^船+ [0-9a-f]{6}$/);
  expect(one?.instance).not.toBe(two?.instance);
  expect(one?.txt["name"]).toBe(name);
});
