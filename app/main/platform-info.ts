import type { PlatformFeatures, PlatformInfo } from "../preload/bridge.ts";
import { PLATFORM_ARGUMENT } from "../preload/channels.ts";
import type { PolicyInfo } from "../preload/policy-info.ts";

const SERVER_FLAG = "--server=";

/**
 * @param features what this machine can do and its administrator allows
 * @param argv the program's arguments: `--server=ADDRESS` suggests a server to the user
 */
export function platformInfo(
  version: string,
  platform: NodeJS.Platform,
  hostName: string,
  features: PlatformFeatures,
  argv: readonly string[],
  policy?: PolicyInfo,
): PlatformInfo {
  const flag = argv.find((argument) => argument.startsWith(SERVER_FLAG));
  const server = flag?.slice(SERVER_FLAG.length);
  return {
    version,
    os: platform === "darwin" ? "mac" : platform === "win32" ? "windows" : "linux",
    hostName,
    features,
    ...(server ? { defaultServer: server } : {}),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** For the preload, which reads it before the page runs. */
export function platformArgument(info: PlatformInfo): string {
  return PLATFORM_ARGUMENT + encodeURIComponent(JSON.stringify(info));
}
