import type { PolicyFeature } from "../../preload/policy-info.ts";
import type { Platform } from "./platform.ts";

/** Whether the administrator of the machine leaves this on. Always where there is no policy. */
export function isAllowed(platform: Pick<Platform, "policy">, feature: PolicyFeature): boolean {
  return platform.policy?.off.includes(feature) !== true;
}
