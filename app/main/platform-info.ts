import type { PlatformInfo } from "../preload/bridge.ts";
import { PLATFORM_ARGUMENT } from "../preload/channels.ts";

const SERVER_FLAG = "--server=";

/** Of links that open the app. */
export const LINK_SCHEME = "beeline";

/** Longest link that is passed on; what it says the page reads. */
const MAX_LINK_LENGTH = 2048;

/**
 * @param argv the program's arguments: `--server=ADDRESS` suggests a server to the user, a link
 * `beeline://…` is the invitation that was opened
 */
export function platformInfo(
  version: string,
  platform: NodeJS.Platform,
  hostName: string,
  argv: readonly string[],
): PlatformInfo {
  const flag = argv.find((argument) => argument.startsWith(SERVER_FLAG));
  const server = flag?.slice(SERVER_FLAG.length);
  const link = argv.find((argument) => argument.startsWith(`${LINK_SCHEME}://`));
  return {
    version,
    os: platform === "darwin" ? "mac" : platform === "win32" ? "windows" : "linux",
    hostName,
    ...(server ? { defaultServer: server } : {}),
    ...(link !== undefined && link.length <= MAX_LINK_LENGTH ? { inviteLink: link } : {}),
  };
}

/** For the preload, which reads it before the page runs. */
export function platformArgument(info: PlatformInfo): string {
  return PLATFORM_ARGUMENT + encodeURIComponent(JSON.stringify(info));
}
