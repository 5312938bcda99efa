/** One end of a pair at the raw forwarder. */
import { once } from "node:events";
import * as v from "valibot";
import { WebSocket } from "ws";
import { Echo } from "./echo.ts";
import { Flow } from "./flow.ts";
import { serve } from "./rpc.ts";

let socket: WebSocket | undefined;
const flow = new Flow((data) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket?.send(data, () => resolve());
  return promise;
});
const echo = new Echo((data) => socket?.send(data));

serve({
  async connect(args) {
    const made = new WebSocket(v.parse(v.string(), args), { perMessageDeflate: false });
    socket = made;
    made.on("message", (data: Buffer) => {
      if (!flow.receive(data)) echo.receive(data);
    });
    await once(made, "open");
  },
  ping: (args) => echo.ping(args),
  expect: (args) => flow.expect(args),
  flow: (args) => flow.send(args),
});
