import * as v from "valibot";
import { expect, test } from "vitest";
import { Content } from "./content.ts";
import { canonicalUserName, StatusText, UserName } from "./model.ts";
import { Signal } from "./signal.ts";

test.each(["ada", "Ada_L.", "小林", "Ольга", "josé", "a1", "नमस्ते"])("%j is a user name", (name) => {
  expect(v.is(UserName, name)).toBe(true);
});

test.each(["a", "", " ", "-ada", "a b", "a\u202eb", "<b>", "a\u0000b", "x".repeat(33), "a/b"])(
  "W2: %j is none",
  (name) => {
    expect(v.is(UserName, name)).toBe(false);
  },
);

test("names that look alike after NFKC and lower-casing are the same", () => {
  expect(canonicalUserName(" ＡＤＡ ")).toBe("ada");
  expect(canonicalUserName("JOSE\u0301")).toBe(canonicalUserName("josé"));
});

test("W2: a status text is one line", () => {
  expect(v.is(StatusText, "in a meeting 🐝")).toBe(true);
  expect(v.is(StatusText, "two\nlines")).toBe(false);
});

test("W4: only signals that simple-peer survives pass", () => {
  const signature = `${"A".repeat(86)}==`;
  expect(v.is(Signal, { type: "offer", sdp: "v=0\r\n", signature })).toBe(true);
  expect(v.is(Signal, { type: "offer", sdp: "v=0\r\n" })).toBe(false);
  expect(v.is(Signal, { type: "offer", sdp: "x", signature })).toBe(false);
  expect(v.is(Signal, { type: "offer", signature })).toBe(false);
  expect(v.is(Signal, { type: "renegotiate" })).toBe(false);
  const candidate = { type: "candidate", sdpMid: "0", sdpMLineIndex: 0 };
  expect(
    v.is(Signal, { ...candidate, candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host" }),
  ).toBe(true);
  expect(v.is(Signal, { ...candidate, candidate: "a=evil\r\nm=audio" })).toBe(false);
});

test("W5: a body that breaks a known type's rules does not pass as an unknown one", () => {
  const message = {
    kind: "message",
    peer: "A".repeat(22),
    at: { ms: 1, counter: 0 },
  };
  expect(v.is(Content, { ...message, body: { type: "text", text: "hi" } })).toBe(true);
  expect(v.is(Content, { ...message, body: { type: "poll", question: "?" } })).toBe(true);
  expect(v.is(Content, { ...message, body: { type: "text", text: "x".repeat(10_001) } })).toBe(
    false,
  );
  expect(v.is(Content, { ...message, body: { type: "text" } })).toBe(false);
});
