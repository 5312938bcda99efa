import { expect, test } from "vitest";
import { parseServerAddress } from "./server-address.ts";

test.each([
  ["http://host:8080", "http://host:8080", "ws://host:8080/ws"],
  [" https://Host/ ", "https://host", "wss://host/ws"],
  ["https://host:443", "https://host", "wss://host/ws"],
  ["ws://host/ws", "http://host", "ws://host/ws"],
  ["wss://host:8443", "https://host:8443", "wss://host:8443/ws"],
  ["https://host/chat/", "https://host/chat", "wss://host/chat/ws"],
  ["http://[::1]:8080", "http://[::1]:8080", "ws://[::1]:8080/ws"],
  ["http://192.168.1.5:80", "http://192.168.1.5", "ws://192.168.1.5/ws"],
])("%s", (server, origin, webSocketUrl) => {
  expect(parseServerAddress(server)).toMatchObject({ origin, webSocketUrl });
});

test.each([
  ["https://Chat.Example.org:8443/x", "chat.example.org"],
  ["http://[2001:DB8::1]:8080", "[2001:db8::1]"],
  ["ws://192.168.1.5", "192.168.1.5"],
])("the host of %s", (server, host) => {
  expect(parseServerAddress(server).host).toBe(host);
});

test.each([
  "",
  "host",
  "host:8080",
  "ftp://host",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "http://",
  "http://user:secret@host",
  "http://host/?a=b",
  "http://host/#x",
  "http://host:99999",
  "http://ho st",
])("refuses %j", (server) => {
  expect(() => parseServerAddress(server)).toThrow(
    expect.objectContaining({ name: "ChatKitError", reason: "invalid-server" }),
  );
});
