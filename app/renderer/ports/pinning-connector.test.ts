import { expect, test } from "vitest";
import type { SocketConnector, SocketHandlers } from "../../../shared/chatkit/ports.ts";
import { createPinningConnector, type CertificateGuard } from "./pinning-connector.ts";

const url = "wss://[2001:db8::1]:8383/ws";
const pin = new Uint8Array(32).fill(0xfb);
const pinText = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";

function scripted(change: Partial<CertificateGuard> = {}) {
  const steps: string[] = [];
  const ended = Promise.withResolvers<void>();
  let inner: SocketHandlers | undefined;
  const sockets: SocketConnector = {
    connect(target, _subprotocol, handlers) {
      steps.push(`connect ${target}`);
      inner = handlers;
      return { send: () => undefined, bufferedAmount: 7, close: () => steps.push("inner closed") };
    },
  };
  const guard: CertificateGuard = {
    pinServer: async (host, text) => void steps.push(`pin ${host} ${text ?? "none"}`),
    refusedCertificate: async () => false,
    ...change,
  };
  const connector = createPinningConnector(sockets, guard);
  const connect = (given?: Uint8Array) =>
    connector.connect(
      url,
      "p",
      {
        onOpen: () => steps.push("open"),
        onText: (text) => steps.push(text),
        onBinary: (bytes) => steps.push(`${bytes.length} bytes`),
        onClose(code, reason) {
          steps.push(`close ${code} ${reason}`.trim());
          ended.resolve();
        },
      },
      given,
    );
  return { connect, steps, ended: ended.promise, inner: () => inner };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test("H5 the guard knows the pin before the socket is opened", async () => {
  const { connect, steps, inner } = scripted();
  const socket = connect(pin);
  expect(socket.bufferedAmount).toBe(0);
  await settled();
  expect(steps).toEqual([`pin [2001:db8::1] ${pinText}`, `connect ${url}`]);
  inner()?.onOpen();
  inner()?.onText("a");
  inner()?.onBinary(new Uint8Array(3));
  inner()?.onClose(4002, "ended");
  expect(steps.slice(2)).toEqual(["open", "a", "3 bytes", "close 4002 ended"]);
  expect(socket.bufferedAmount).toBe(7);
});

test("H5 without a pin an earlier one ends", async () => {
  const { connect, steps } = scripted();
  connect();
  await settled();
  expect(steps[0]).toBe("pin [2001:db8::1] none");
});

test("H5 a refused certificate is told as such; a server that is away is not", async () => {
  for (const [refused, code] of [
    [true, 1015],
    [false, 1006],
  ] as const) {
    const { connect, steps, inner, ended } = scripted({ refusedCertificate: async () => refused });
    connect(pin);
    await settled();
    inner()?.onClose(1006, "");
    await ended;
    expect(steps.at(-1)).toContain(`close ${code}`);
  }
});

test("H5 without an answer of the guard nothing is connected", async () => {
  const failing = scripted({ pinServer: () => Promise.reject(new Error("refused call")) });
  failing.connect(pin);
  await failing.ended;
  expect(failing.steps).toEqual(["close 1006 refused call"]);

  const closing = scripted();
  closing.connect(pin).close();
  await closing.ended;
  await settled();
  expect(closing.steps).toEqual([`pin [2001:db8::1] ${pinText}`, "close 1006"]);
});
