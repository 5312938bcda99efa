import * as v from "valibot";
import type { Lan, LanState } from "../../../shared/chatkit/ports.ts";
import { DeviceId } from "../../../shared/protocol/index.ts";
import type { BeelineBridge } from "../../preload/bridge.ts";
import { logWarning } from "../platform/log.ts";

export type LanBridge = Pick<BeelineBridge, "joinLan" | "leaveLan" | "sendLan" | "onLan">;

/** The local network by Electron's main process; it has one membership at a time for the page. */
export function createBridgedLan(bridge: LanBridge): Lan {
  /** Ends the present membership. */
  let end: (() => void) | undefined;
  return {
    join(self, handlers) {
      end?.();
      let state: LanState = "starting";
      const unsubscribe = bridge.onLan((event) => {
        switch (event.type) {
          case "near":
          case "gone": {
            const device = v.safeParse(DeviceId, event.device);
            if (!device.success) return;
            if (event.type === "near") handlers.onNear(device.output);
            else handlers.onGone(device.output);
            return;
          }
          case "text":
            handlers.onText(event.text);
            return;
          case "state":
            if (event.state === state) return;
            state = event.state;
            handlers.onState(state);
        }
      });
      bridge.joinLan(self).catch((error: unknown) => {
        logWarning("not on the local network", error);
        state = "failed";
        handlers.onState(state);
      });
      const close = (): void => {
        if (end !== close) return;
        end = undefined;
        unsubscribe();
        bridge.leaveLan().catch((error: unknown) => {
          logWarning("still on the local network", error);
        });
      };
      end = close;
      return {
        get state() {
          return state;
        },
        async send(to, text) {
          if (!(await bridge.sendLan(to, text))) throw new Error("nobody took the text");
        },
        close,
      };
    },
  };
}
