import type { ConnectionBridge } from "../../preload/connection.ts";
import type { PolicyInfo } from "../../preload/policy-info.ts";
import type { UpdateState } from "../../preload/update-state.ts";

/** Proxies and updates without a host: what is set is kept, an update is ready when asked for. */
export function fakeConnection(fixed = false): ConnectionBridge {
  let setting: Awaited<ReturnType<ConnectionBridge["proxy"]>>["setting"] = {
    mode: "manual",
    scheme: "http",
    host: "proxy.example.org",
    port: 3128,
    bypass: ["*.example.org", "192.168.0.0/16"],
  };
  let state: UpdateState = { type: "current" };
  const handlers = new Set<(state: UpdateState) => void>();
  return {
    proxy: async () => ({ setting, fixed }),
    setProxy: async (next) => {
      setting = next;
    },
    updates: async () => state,
    checkForUpdates: async () => {
      state = { type: "ready", version: "0.2.0" };
      for (const handler of handlers) handler(state);
    },
    restartToUpdate: async () => undefined,
    onUpdates: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}

export const fakePolicy: PolicyInfo = {
  file: "/etc/beeline/policy.json",
  server: "https://chat.example.org",
  off: ["voice", "linkPreviews", "export"],
  fixed: ["proxy"],
  ignored: [],
};

export const fakeDamagedPolicy: PolicyInfo = {
  file: "/etc/beeline/policy.json",
  problem: "others can write the file",
  off: ["files", "voice", "linkPreviews", "updates", "export", "backup"],
  fixed: ["proxy", "autoStart"],
  ignored: [],
};
