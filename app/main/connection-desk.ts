/** Proxy and updates, joined to Electron. */
import { session } from "electron";
import { ProxySetting } from "../preload/proxy-setting.ts";
import type { UpdateState } from "../preload/update-state.ts";
import type { Policy } from "./policy.ts";
import { ProxyDesk } from "./proxy.ts";
import type { Settings } from "./settings.ts";
import { type Installation, UPDATER_PARTITION, updateSource } from "./update-source.ts";
import { type UpdateClock, Updates } from "./updates.ts";

export interface ConnectionOptions {
  readonly settings: Settings;
  readonly policy: Policy;
  readonly installation: Installation;
  readonly after: UpdateClock["after"];
  readonly onUpdates: (state: UpdateState) => void;
  /** The windows are to close this time. */
  readonly beforeRestart: () => void;
  readonly report: (problem: unknown) => void;
}

/** Resolves once the proxy is in use: before that, nothing may be loaded. */
export async function openConnection(
  options: ConnectionOptions,
): Promise<{ readonly proxy: ProxyDesk; readonly updates: Updates }> {
  const { settings, policy, installation, after, onUpdates, beforeRestart, report } = options;
  const source = updateSource(installation, policy);
  const sessions = [session.defaultSession];
  if (typeof source === "function") {
    sessions.push(session.fromPartition(UPDATER_PARTITION, { cache: false }));
  }
  const store = {
    get proxy() {
      return settings.read("proxy", ProxySetting);
    },
    setProxy: (setting: ProxySetting) => settings.set("proxy", JSON.stringify(setting)),
  };
  const proxy = new ProxyDesk(sessions, store, policy.proxy, policy.leaves("proxy"));
  await proxy.start();
  const updates = new Updates({
    source,
    clock: { now: Date.now, after },
    onChange: onUpdates,
    beforeRestart,
    report,
  });
  updates.start();
  return { proxy, updates };
}
