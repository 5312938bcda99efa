import { Socket } from "node:net";
import { expect, test } from "vitest";
import { limits } from "../../shared/protocol/index.ts";
import { errorNameOf } from "../testing/test-client.ts";
import { Connection } from "./connection.ts";
import { Flusher } from "./flusher.ts";
import { PeerSocket } from "./peer-socket.ts";
import { TokenBucket } from "./token-bucket.ts";

/** One that nobody is at the other end of. */
function lonely(): Connection {
  const ws = new PeerSocket("ws://localhost", { createConnection: () => new Socket() });
  // It says that there is nobody.
  ws.on("error", () => undefined);
  return new Connection({
    ws,
    socket: new Socket(),
    address: { address: "192.0.2.1", port: 1 },
    bucket: new TokenBucket({ perSecond: 1, burst: 1 }, 0),
    host: { flusher: new Flusher(), now: 0, left: () => undefined },
  });
}

test("nothing more is read while the requests that wait hold too much", () => {
  const connection = lonely();
  const size = limits.MAX_TEXT_FRAME_BYTES;
  for (let count = 0; count < 2; count++) connection.began(size);
  expect(connection.stopped).toBe(false);
  connection.began(1);
  connection.began(size);
  expect(connection.stopped).toBe(true);
  connection.finished(1);
  expect(connection.stopped).toBe(true);
  connection.finished(size);
  expect(connection.stopped).toBe(false);
  for (let count = 0; count < 2; count++) connection.finished(size);
  expect(connection.pending).toBe(0);
  expect(connection.stopped).toBe(false);
});

test("long answers are made one after the other, whatever becomes of one; none once it has ended", async () => {
  const connection = lonely();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = connection.inTurn(async () => {
    log.push("first begins");
    await gate.promise;
    log.push("first ends");
    throw new RangeError("it failed");
  });
  const second = connection.inTurn(async () => {
    log.push("second");
    return 2;
  });
  const third = connection.inTurn(async () => connection.closed());
  const fourth = connection.inTurn(async () => log.push("never"));
  gate.resolve();
  await expect(first).rejects.toThrow("it failed");
  expect(await second).toBe(2);
  await third;
  expect(await errorNameOf(fourth)).toBe("unavailable");
  expect(log).toEqual(["first begins", "first ends", "second"]);
});
