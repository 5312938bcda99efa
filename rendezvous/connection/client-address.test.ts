import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { clientAddress } from "./client-address.ts";

function requestFrom(remoteAddress: string, tls: boolean, forwarded?: string): IncomingMessage {
  const plain = new Socket();
  const socket = tls ? new TLSSocket(plain) : plain;
  Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
  Object.defineProperty(socket, "remotePort", { value: 1234 });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers["x-forwarded-for"] = forwarded;
  return request;
}

const PROXIED = { address: "192.0.2.7", port: 0 };

test("behind a proxy the client is who the proxy names last", () => {
  const names = "127.0.0.1, 192.0.2.7";
  expect(clientAddress(requestFrom("127.0.0.1", false, names), true)).toEqual(PROXIED);
  expect(clientAddress(requestFrom("::ffff:127.0.0.1", true, names), true)).toEqual(PROXIED);
  // On another machine, with a server without TLS.
  expect(clientAddress(requestFrom("10.0.0.5", false, names), true)).toEqual(PROXIED);
  expect(clientAddress(requestFrom("10.0.0.5", false, names), false)).toEqual({
    address: "10.0.0.5",
    port: 1234,
  });
});

test("whoever goes past the proxy, by TLS, cannot choose the address that limits count", () => {
  const past = requestFrom("::ffff:203.0.113.9", true, "127.0.0.1");
  expect(clientAddress(past, true)).toEqual({ address: "203.0.113.9", port: 1234 });
});
