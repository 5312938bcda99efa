import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Lab } from "./lab.ts";

const PATIENCE_MS = 2_000;

/** Says "yes" once anything with the magic cookie (RFC 8489 §5) comes back for a Binding request. */
const PROGRAM = `
const [host, port, patience] = process.argv.slice(1);
const socket = require("node:dgram").createSocket(host.includes(":") ? "udp6" : "udp4");
const request = Buffer.concat([
  Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]),
  require("node:crypto").randomBytes(12),
]);
const end = (text) => process.stdout.write(text, () => process.exit());
socket.on("message", (answer) => answer.subarray(4, 8).equals(request.subarray(4, 8)) && end("yes"));
socket.on("error", () => end("no"));
socket.send(request, Number(port), host);
setTimeout(end, Number(patience), "no");
`;

const run = promisify(execFile);

/** Does the server answer STUN on the UDP port that has its web port's number? Asked from Ada's machine. */
export async function answersStun(lab: Pick<Lab, "on">, server: string): Promise<boolean> {
  const { hostname, port } = new URL(server);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const [program = "", ...args] = [
    ...[...lab.on("ada"), process.execPath, "-e", PROGRAM],
    ...[host, port, String(PATIENCE_MS)],
  ];
  const { stdout } = await run(program, args);
  return stdout === "yes";
}
