/** The part of the bridge about proxies and updates. */
import * as v from "valibot";
import { BridgeProxy, type ProxySetting } from "./proxy-setting.ts";
import { UpdateState } from "./update-state.ts";

export const CONNECTION_CHANNELS = {
  proxy: "beeline:proxy",
  setProxy: "beeline:set-proxy",
  updates: "beeline:updates",
  checkForUpdates: "beeline:check-for-updates",
  restartToUpdate: "beeline:restart-to-update",
  updateState: "beeline:update-state",
} as const;

export interface ConnectionBridge {
  proxy(): Promise<BridgeProxy>;
  /** From the next connection on. Rejects where the administrator has set it. */
  setProxy(setting: ProxySetting): Promise<void>;
  updates(): Promise<UpdateState>;
  /** Asks the feed now; what comes of it, `onUpdates` tells. */
  checkForUpdates(): Promise<void>;
  /** Ends the program, installs what is ready and starts again. */
  restartToUpdate(): Promise<void>;
  /** At every change. Ends with the returned function. */
  onUpdates(handler: (state: UpdateState) => void): () => void;
}

/** @param listen calls back with what the main process sends over a channel, until ended */
export function connectionBridge(
  invoke: (channel: string, ...args: unknown[]) => Promise<unknown>,
  listen: (channel: string, handler: (value: unknown) => void) => () => void,
): ConnectionBridge {
  return {
    async proxy() {
      return v.parse(BridgeProxy, await invoke(CONNECTION_CHANNELS.proxy));
    },
    async setProxy(setting) {
      await invoke(CONNECTION_CHANNELS.setProxy, setting);
    },
    async updates() {
      return v.parse(UpdateState, await invoke(CONNECTION_CHANNELS.updates));
    },
    async checkForUpdates() {
      await invoke(CONNECTION_CHANNELS.checkForUpdates);
    },
    async restartToUpdate() {
      await invoke(CONNECTION_CHANNELS.restartToUpdate);
    },
    onUpdates(handler) {
      return listen(CONNECTION_CHANNELS.updateState, (state) =>
        handler(v.parse(UpdateState, state)),
      );
    },
  };
}
