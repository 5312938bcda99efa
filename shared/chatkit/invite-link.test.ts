import { describe, expect, test } from "vitest";
import { pinnedSockets } from "./connection/pinned-sockets.ts";
import { readInviteLink } from "./invite-link.ts";
import type { SocketConnector } from "./ports.ts";

const pin = "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ";

describe("H5 what a person was given to join a server", () => {
  test.each([
    [`https://h:8383/#invite=abcd&pin=${pin}`, { server: "https://h:8383", invite: "abcd", pin }],
    [`beeline://h:8383/#pin=${pin}`, { server: "https://h:8383", pin }],
    ["wss://h/ws", { server: "https://h" }],
    ["http://localhost:8383", { server: "http://localhost:8383" }],
  ])("%s", (text, expected) => {
    expect(readInviteLink(text)).toEqual(expected);
  });

  test.each(["", "h:8383", "https://h/#pin=x", "mailto:a@b"])("not %j", (text) => {
    expect(() => readInviteLink(text)).toThrow(
      expect.objectContaining({ name: "ChatKitError", reason: "invalid-server" }),
    );
  });
});

describe("H5 a pinned server", () => {
  test("every socket is opened with the pin's 32 bytes", () => {
    const pins: (Uint8Array | undefined)[] = [];
    const sockets: SocketConnector = {
      connect(_url, _subprotocol, _handlers, given) {
        pins.push(given);
        return { send: () => undefined, bufferedAmount: 0, close: () => undefined };
      },
    };
    const handlers = {
      onOpen: () => undefined,
      onText: () => undefined,
      onBinary: () => undefined,
      onClose: () => undefined,
    };
    pinnedSockets(sockets, pin).connect("wss://h/ws", "p", handlers);
    expect(pins.map((bytes) => bytes?.length)).toEqual([32]);
    expect(pins[0]?.[0]).toBe(0xdd);
  });

  test.each(["", "x", `${pin}=`, pin.slice(0, -1)])("%j is no pin", (text) => {
    const sockets: SocketConnector = {
      connect: () => {
        throw new Error("not to be called");
      },
    };
    expect(() => pinnedSockets(sockets, text)).toThrow(
      expect.objectContaining({ reason: "invalid-server" }),
    );
  });
});
