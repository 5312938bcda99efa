import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { stunProbe } from "./stun-probe.ts";

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A UDP port of this machine that answers what `answer` makes of a request. */
async function server(answer: (request: Buffer, n: number) => Buffer | undefined): Promise<number> {
  const socket = createSocket("udp4");
  sockets.push(socket);
  let n = 0;
  socket.on("message", (request, { port, address }) => {
    const made = answer(request, n++);
    if (made !== undefined) socket.send(made, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket.address().port;
}

/** The same as the request, as a success response (RFC 8489 §5). */
function success(request: Buffer): Buffer {
  const made = Buffer.from(request);
  made.writeUInt16BE(0x0101, 0);
  return made;
}

test("X2 a STUN server that answers is found, by address and by name", async () => {
  const asked: Buffer[] = [];
  const port = await server((request) => {
    asked.push(request);
    return success(request);
  });
  expect(await stunProbe.answers("127.0.0.1", port, 5_000)).toBe(true);
  expect(await stunProbe.answers("localhost", port, 5_000)).toBe(true);
  expect(asked[0]?.subarray(0, 8).toString("hex")).toBe("000100002112a442");
  expect(asked[0]).toHaveLength(20);
});

test("a lost datagram is sent again", async () => {
  const port = await server((request, n) => (n === 0 ? undefined : success(request)));
  expect(await stunProbe.answers("127.0.0.1", port, 5_000)).toBe(true);
});

test("X2 silence, another's answer, an error and garbage are none", async () => {
  const other = Buffer.alloc(20, 7);
  const answers: readonly (Buffer | undefined)[] = [undefined, Buffer.alloc(0), other];
  for (const answer of answers) {
    const port = await server(() => answer);
    expect(await stunProbe.answers("127.0.0.1", port, 150)).toBe(false);
  }
  const refusing = await server((request) => {
    const refusal = success(request);
    refusal.writeUInt16BE(0x0111, 0);
    return refusal;
  });
  expect(await stunProbe.answers("127.0.0.1", refusing, 150)).toBe(false);
});

test("a name that does not exist, and a port that nobody has", async () => {
  expect(await stunProbe.answers("nowhere.invalid", 3478, 150)).toBe(false);
  const port = await server(() => undefined);
  sockets.pop()?.close();
  expect(await stunProbe.answers("127.0.0.1", port, 150)).toBe(false);
});
