/** What the page may ask about proxies and updates. */
import * as v from "valibot";
import { CONNECTION_CHANNELS } from "../preload/connection.ts";
import { type BridgeProxy, ProxySetting } from "../preload/proxy-setting.ts";
import type { UpdateState } from "../preload/update-state.ts";
import type { GuardedIpc } from "./guarded-ipc.ts";

export interface ConnectionHost {
  proxy: { readonly state: BridgeProxy; set(setting: ProxySetting): Promise<void> };
  updates: { readonly state: UpdateState; check(): Promise<void>; restart(): Promise<void> };
}

export function registerConnectionIpc(on: GuardedIpc, { proxy, updates }: ConnectionHost): void {
  on(CONNECTION_CHANNELS.proxy, v.strictTuple([]), () => proxy.state);
  on(CONNECTION_CHANNELS.setProxy, v.strictTuple([ProxySetting]), ([setting]) =>
    proxy.set(setting),
  );
  on(CONNECTION_CHANNELS.updates, v.strictTuple([]), () => updates.state);
  on(CONNECTION_CHANNELS.checkForUpdates, v.strictTuple([]), () => updates.check());
  on(CONNECTION_CHANNELS.restartToUpdate, v.strictTuple([]), () => updates.restart());
}
