import { createHmac } from "node:crypto";
import * as v from "valibot";
import { expect, test } from "vitest";
import { IceServers, TurnUri } from "../../shared/protocol/index.ts";
import { startTestServer } from "../testing/test-server.ts";
import { IceOffer } from "./ice-offer.ts";

const HOUR_MS = 60 * 60 * 1000;
const uris = ["turn:turn.example.org:3478", "turns:turn.example.org:443?transport=tcp"];
const turn = { uris, secret: "north", ttlMs: HOUR_MS };

test("N5 a member is told of STUN and TURN, with credentials that coturn takes", async () => {
  const ice = new IceOffer(turn);
  ice.stunPort = 8383;
  await using server = await startTestServer({}, ice);
  const ada = await server.register("ada");
  const ends = Math.ceil((server.clock.now() + HOUR_MS) / 1000);
  const username = `${ends}:${ada.userId}`;
  // What coturn computes (use-auth-secret): base64(HMAC-SHA1(secret, username)).
  const credential = createHmac("sha1", "north").update(username).digest("base64");
  const told = { stunPort: 8383, turn: { uris, username, credential }, ttlMs: HOUR_MS };
  expect(ada.session.ice).toEqual(told);

  server.clock.advance(10_000);
  const renewed = await ada.request("ice.servers", {});
  expect(renewed.turn?.username).toBe(`${ends + 10}:${ada.userId}`);
  expect(renewed.turn?.credential).not.toBe(credential);
});

test("N5 strangers are told nothing", async () => {
  await using server = await startTestServer({}, new IceOffer(turn));
  const stranger = await server.connect();
  expect(await stranger.refusal("ice.servers", {})).toBe("not-signed-in");
  expect(JSON.stringify(await stranger.request("server.info", {}))).not.toContain("turn");
});

test("N6 without settings nobody is told of any server", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  expect(await ada.request("ice.servers", {})).toEqual({ ttlMs: 24 * HOUR_MS });
});

test("only TURN's addresses are addresses of TURN", () => {
  for (const uri of [
    "turn:turn.example.org",
    "turn:192.0.2.1:3478?transport=udp",
    "turns:[2001:db8::1]:5349?transport=tcp",
    "TURN:host",
  ]) {
    expect(v.is(TurnUri, uri), uri).toBe(true);
  }
  for (const uri of [
    "",
    "turn:",
    "stun:host",
    "http://host",
    "turn://host",
    "turn:host:x",
    "turn:user@host",
    "turn:host?transport=sctp",
    "turn:a b",
    `turn:${"a".repeat(300)}`,
  ]) {
    expect(v.is(TurnUri, uri), uri).toBe(false);
  }
  const tooShort = { ttlMs: 1 };
  expect(v.is(IceServers, tooShort)).toBe(false);
});
