/** Reference: two simple-peer ends with nothing around them. */
import { setTimeout as delay } from "node:timers/promises";
import SimplePeer from "simple-peer";
import * as v from "valibot";
import wrtc from "wrtc";
import { Echo } from "./echo.ts";
import { Flow } from "./flow.ts";
import { cast, serve } from "./rpc.ts";

let peer: SimplePeer.Instance | undefined;
let opened = Promise.withResolvers<number>();
/** Half a MiB in the channel's own buffer: the stream's back-pressure alone is slower. */
const BUFFERED_BYTES = 512 * 1024;
const flow = new Flow(async (data) => {
  channel().send(data);
  while (channel().bufferSize > BUFFERED_BYTES) await delay(1);
});
const echo = new Echo((data) => channel().send(data));

function channel(): SimplePeer.Instance {
  if (peer === undefined) throw new Error("not started");
  return peer;
}

serve({
  start(args) {
    const { initiator } = v.parse(v.object({ initiator: v.boolean() }), args);
    peer?.destroy();
    opened = Promise.withResolvers<number>();
    const { resolve } = opened;
    const startedAt = performance.now();
    const made = new SimplePeer({ initiator, wrtc, config: { iceServers: [] } });
    peer = made;
    made.on("signal", (signal) => cast("signal", JSON.stringify(signal)));
    made.on("connect", () => resolve(performance.now() - startedAt));
    made.on("error", () => {
      made.destroy();
    });
    made.on("data", (data: Uint8Array) => {
      if (!flow.receive(data)) echo.receive(data);
    });
  },
  signal(args) {
    channel().signal(v.parse(v.string(), args));
  },
  /** Resolves with the time it took to open, ms. */
  opened: () => opened.promise,
  ping: (args) => echo.ping(args),
  /** Resolves once so many bytes have come. */
  expect: (args) => flow.expect(args),
  flow: (args) => flow.send(args),
});
