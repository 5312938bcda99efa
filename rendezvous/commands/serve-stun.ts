import { OperatorError } from "../config/operator-error.ts";
import type { Settings } from "../config/settings.ts";
import { StunServer, type StunServerOptions } from "../stun/stun-server.ts";

/**
 * STUN beside the server, which has got `port`; undefined where there is none. Where nobody has said
 * which UDP port it shall be, one that is taken is no reason not to serve.
 * @throws OperatorError the port that the settings name is taken
 */
export async function serveStun(
  settings: Settings,
  port: number,
  options: StunServerOptions,
): Promise<StunServer | undefined> {
  const { "stun-port": named, "stun-host": host = settings.host } = settings;
  if (named === "off") return undefined;
  try {
    const stun = await StunServer.listen(host, named ?? port, options);
    options.log.info({ host, port: stun.port }, "STUN listens");
    return stun;
  } catch (error) {
    if (named !== undefined || !(error instanceof OperatorError)) throw error;
    options.log.warn(error.message);
    return undefined;
  }
}
