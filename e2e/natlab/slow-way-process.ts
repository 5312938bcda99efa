/**
 * Stands on a router to which the kernel hands what two hosts say to each other (`Handover`), and
 * passes it on later. Arguments: one `SlowWayOptions` as JSON. On its standard input, a line is
 * another delay of UDP in ms. Says "ready" when it listens.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import type { Socket as TcpSocket } from "node:net";
import * as v from "valibot";
import { SlowWayOptions } from "./slow-way-wire.ts";

/** On the way at one time; what comes beyond is lost, as in a router's full queue. */
const MAX_UNDER_WAY = 10_000;

const options = v.parse(SlowWayOptions, JSON.parse(process.argv[2] ?? ""));
const { between, ports, tcp } = options;
const sockets = new Map<number, Socket>();
let { delayMs } = options;
let underWay = 0;

for (let port = ports.first; port <= ports.last; port += 1) {
  const socket = createSocket("udp4");
  // What is sent to a host that is gone comes back as an error, and is lost.
  socket.on("error", () => undefined);
  socket.on("message", (bytes, from) => {
    const to = between.find((address) => address !== from.address);
    if (to === undefined || underWay >= MAX_UNDER_WAY) return;
    underWay += 1;
    setTimeout(() => {
      underWay -= 1;
      // From the port of who has sent it, so that the kernel may give it their address.
      sockets.get(from.port)?.send(bytes, port, to);
    }, delayMs);
  });
  socket.bind(port);
  await once(socket, "listening");
  sockets.set(port, socket);
}
if (tcp !== undefined) {
  const server = createServer((client) => {
    const there = connect(tcp.port, tcp.to);
    passOn(client, there);
    passOn(there, client);
  });
  server.listen(tcp.port);
  await once(server, "listening");
}
process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) delayMs = Number(line);
process.exit(0);

/** In order, since timers of one length are. */
function passOn(from: TcpSocket, to: TcpSocket): void {
  const later = (act: () => void) => setTimeout(act, options.delayMs);
  from.on("data", (bytes) => later(() => to.write(bytes)));
  from.on("close", () => later(() => to.destroy()));
  from.on("error", () => undefined);
}
