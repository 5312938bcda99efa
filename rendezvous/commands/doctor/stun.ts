import { lookup } from "node:dns/promises";
import { pino } from "pino";
import { systemClock } from "../../clock.ts";
import { OperatorError } from "../../config/operator-error.ts";
import type { Settings } from "../../config/settings.ts";
import { isWildcard } from "../../http/listen.ts";
import { isLoopback } from "../../http/loopback.ts";
import { noMetrics } from "../../metrics.ts";
import { askStun } from "../../stun/ask-stun.ts";
import { StunServer } from "../../stun/stun-server.ts";
import { bad, good, poor, type Finding } from "./finding.ts";

const ANSWER_MS = 1500;

/** Without STUN, people behind different NATs find no direct way; all else works. */
export async function checkStun(settings: Settings): Promise<readonly Finding[]> {
  const { "stun-port": named, "stun-host": host = settings.host, port: tcpPort } = settings;
  if (named === "off") return [good("STUN: off.")];
  const port = named ?? tcpPort;
  if (port === 0) return [good("STUN: any UDP port that is free.")];
  const findings = [await lookAt(host, port, named !== undefined)];
  if (isLoopback(host) && (settings["trust-proxy"] || settings["public-address"] !== undefined)) {
    findings.push(
      poor("STUN: only this machine reaches it, for no proxy hands it on. Use --stun-host ::."),
    );
  }
  return findings;
}

async function lookAt(host: string, port: number, isNamed: boolean): Promise<Finding> {
  try {
    const options = { clock: systemClock, log: pino({ level: "silent" }), metrics: noMetrics };
    const free = await StunServer.listen(host, port, options);
    await free[Symbol.asyncDispose]();
    return good(`STUN: UDP port ${port} is free.`);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const address = isWildcard(host) ? "127.0.0.1" : (await lookup(host)).address;
    const seen = await askStun({ address, port }, ANSWER_MS);
    if (seen !== undefined) return good(`STUN: UDP port ${port} answers.`);
    return isNamed ? bad(error.message) : poor(error.message);
  }
}
