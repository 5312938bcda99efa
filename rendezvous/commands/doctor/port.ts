import { createServer } from "node:http";
import { OperatorError } from "../../config/operator-error.ts";
import type { Settings } from "../../config/settings.ts";
import { addressOf, listen } from "../../http/listen.ts";
import { bad, good, type Finding } from "./finding.ts";

const ANSWER_MS = 3000;

export async function checkPort(settings: Settings): Promise<readonly Finding[]> {
  const { host, port } = settings;
  if (port === 0) return [good("Port: any that is free.")];
  const server = createServer();
  try {
    await listen(server, host, port);
    return [good(`Port: ${port} is free.`)];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    // On the machine itself plain http is served as well, and needs no certificate.
    const address = addressOf(host, port, false);
    return (await isBeeline(address))
      ? [good(`Port: a Beeline server answers at ${address}.`)]
      : [bad(`Port: ${error.message}`)];
  } finally {
    server.close();
  }
}

async function isBeeline(address: string): Promise<boolean> {
  try {
    const response = await fetch(new URL("/healthz", address), {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const body = await response.text();
    return body.includes('"store"');
  } catch {
    // No answer, or none that is ours: another program has the port.
    return false;
  }
}
