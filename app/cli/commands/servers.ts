import { browseServers, type LanServer } from "../../lan/servers.ts";
import { usage } from "../arguments.ts";
import type { Context } from "../context.ts";
import { print } from "../terminal.ts";

/** Who is there has answered by then, on any but a bad Wi-Fi. */
const DEFAULT_WAIT_S = 3;
const MAX_WAIT_S = 600;

/** `beeline servers`: those that announce themselves on the local network. */
export async function servers({ log, options }: Context): Promise<void> {
  const seconds = secondsOf(options.wait);
  let found: readonly LanServer[] = [];
  const stop = browseServers({ log }, (all) => {
    found = all;
  });
  try {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  } finally {
    stop();
  }
  for (const server of found) {
    if (options.json === true) print(JSON.stringify(server));
    else print(`${server.address.padEnd(40)} ${server.name}`);
  }
}

function secondsOf(text = String(DEFAULT_WAIT_S)): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_WAIT_S)) {
    throw usage(`--wait is a number of seconds up to ${MAX_WAIT_S}.`, "servers");
  }
  return seconds;
}
