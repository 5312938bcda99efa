import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { OperatorError } from "../../config/operator-error.ts";
import type { Settings } from "../../config/settings.ts";
import { turnServiceOf } from "../../config/turn-service-of.ts";
import { askStun } from "../../stun/ask-stun.ts";
import { bad, good, poor, type Finding } from "./finding.ts";

const ANSWER_MS = 1500;
/** RFC 8656 §3.1, and for TLS. */
const PORTS = { turn: 3478, turns: 5349 } as const;

/** Whether something that may be a TURN server is where the settings say. */
export async function checkTurn(settings: Settings): Promise<readonly Finding[]> {
  try {
    const turn = turnServiceOf(settings);
    return await Promise.all((turn?.uris ?? []).map(lookAt));
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [bad(`TURN: ${error.message}`)];
  }
}

async function lookAt(uri: string): Promise<Finding> {
  const { host, port, isUdp } = placeOf(uri);
  try {
    const { address } = await lookup(host);
    // A TURN server is a STUN server as well (RFC 8656 §3).
    const answers = isUdp
      ? (await askStun({ address, port }, ANSWER_MS)) !== undefined
      : await accepts(address, port);
    return answers ? good(`TURN: ${uri} answers.`) : poor(`TURN: ${uri} does not answer.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return poor(`TURN: ${uri} cannot be reached (${reason}).`);
  }
}

/** RFC 7065 §3.2: UDP unless said, TLS over TCP for `turns`. */
function placeOf(uri: string): { host: string; port: number; isUdp: boolean } {
  const [, scheme = "", host = "", port, transport] =
    /^(turns?):(\[.+\]|[^:?]+)(?::(\d+))?(?:\?transport=(.+))?$/i.exec(uri) ?? [];
  const isTls = scheme.toLowerCase() === "turns";
  return {
    host: host.replaceAll(/[[\]]/g, ""),
    port: port === undefined ? PORTS[isTls ? "turns" : "turn"] : Number(port),
    isUdp: !isTls && transport?.toLowerCase() !== "tcp",
  };
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(ANSWER_MS) });
    return true;
  } catch {
    // Refused, or no answer in time: both are what was asked.
    return false;
  } finally {
    socket.destroy();
  }
}
