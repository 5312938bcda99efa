/** Reference: two simple-peer ends with nothing around them. */
import SimplePeer from "simple-peer";
import * as v from "valibot";
import wrtc from "wrtc";
import { cast, serve } from "./rpc.ts";
import { timeEach } from "./statistics.ts";

let peer: SimplePeer.Instance | undefined;
let opened = Promise.withResolvers<number>();
let echo: (() => void) | undefined;
let pinging = false;

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
      if (pinging) echo?.();
      else made.send(data);
    });
  },
  signal(args) {
    channel().signal(v.parse(v.string(), args));
  },
  /** Resolves with the time it took to open, ms. */
  opened: () => opened.promise,
  async ping(args) {
    const { count, bytes } = v.parse(v.object({ count: v.number(), bytes: v.number() }), args);
    const payload = new Uint8Array(bytes);
    pinging = true;
    return timeEach(count, () => {
      const back = Promise.withResolvers<void>();
      echo = back.resolve;
      channel().send(payload);
      return back.promise;
    });
  },
});
