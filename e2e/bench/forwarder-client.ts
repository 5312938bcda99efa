/** One end of a pair at the raw forwarder. */
import { once } from "node:events";
import * as v from "valibot";
import { WebSocket } from "ws";
import { serve } from "./rpc.ts";
import { timeEach } from "./statistics.ts";

let socket: WebSocket | undefined;
let echo: (() => void) | undefined;
let pinging = false;

serve({
  async connect(args) {
    const made = new WebSocket(v.parse(v.string(), args), { perMessageDeflate: false });
    socket = made;
    made.on("message", (data: Buffer) => {
      if (pinging) echo?.();
      else made.send(data);
    });
    await once(made, "open");
  },
  async ping(args) {
    const { count, bytes } = v.parse(v.object({ count: v.number(), bytes: v.number() }), args);
    const payload = new Uint8Array(bytes);
    pinging = true;
    return timeEach(count, () => {
      const back = Promise.withResolvers<void>();
      echo = back.resolve;
      socket?.send(payload);
      return back.promise;
    });
  },
});
