import type { Platform } from "../platform/platform.ts";
import { completeServerAddress } from "./server-address.ts";

/** The only server that the administrator allows, complete; undefined where any will do. */
export function onlyServer(platform: Pick<Platform, "policy">): string | undefined {
  const { server } = platform.policy ?? {};
  return server === undefined ? undefined : completeServerAddress(server);
}

export function mayUseServer(platform: Pick<Platform, "policy">, server: string): boolean {
  const only = onlyServer(platform);
  return only === undefined || only === completeServerAddress(server);
}
