import { expect, describe, it } from "vitest";
import type { ProxySetting } from "../preload/proxy-setting.ts";
import { proxyConfig, ProxyDesk, ProxyIsFixed } from "./proxy.ts";

const MANUAL: ProxySetting = {
  mode: "manual",
  scheme: "socks5",
  host: "proxy.example.org",
  port: 1080,
  bypass: ["*.example.org", "<local>"],
};

function desk(stored?: ProxySetting, policy?: ProxySetting, mayChange = true) {
  const asked: unknown[] = [];
  let kept = stored;
  const sessions = ["page", "updates"].map((name) => ({
    setProxy: async (config: unknown) => void asked.push([name, config]),
    closeAllConnections: async () => void asked.push([name, "closed"]),
  }));
  const store = {
    get proxy() {
      return kept;
    },
    setProxy: async (setting: ProxySetting) => {
      kept = setting;
    },
  };
  return { desk: new ProxyDesk(sessions, store, policy, mayChange), asked, kept: () => kept };
}

describe("the proxy", () => {
  it("is the system's unless somebody says otherwise", async () => {
    const { desk: proxy, asked } = desk();
    await proxy.start();
    expect(asked).toEqual([
      ["page", { mode: "system" }],
      ["updates", { mode: "system" }],
    ]);
    expect(proxy.state).toEqual({ setting: { mode: "system" }, fixed: false });
  });

  it("is in use at once, for all sessions, and is kept", async () => {
    const { desk: proxy, asked, kept } = desk({ mode: "none" });
    await proxy.start();
    expect(asked).toContainEqual(["page", { mode: "direct" }]);
    asked.length = 0;
    await proxy.set(MANUAL);
    const config = {
      mode: "fixed_servers",
      proxyRules: "socks5://proxy.example.org:1080",
      proxyBypassRules: "*.example.org,<local>",
    };
    expect(asked).toEqual([
      ["page", config],
      ["updates", config],
      ["page", "closed"],
      ["updates", "closed"],
    ]);
    expect(kept()).toEqual(MANUAL);
    expect(proxy.state.setting).toEqual(MANUAL);
  });

  it("is the administrator's where they say so, whatever was set before", async () => {
    const { desk: proxy, asked, kept } = desk({ mode: "none" }, MANUAL, false);
    await proxy.start();
    expect(asked[0]).toEqual(["page", proxyConfig(MANUAL)]);
    expect(proxy.state).toEqual({ setting: MANUAL, fixed: true });
    await expect(proxy.set({ mode: "none" })).rejects.toThrow(ProxyIsFixed);
    expect(kept()).toEqual({ mode: "none" });
  });

  it("may be an address of IPv6, or a script", () => {
    const six = proxyConfig({ ...MANUAL, scheme: "http", host: "2001:db8::1", bypass: [] });
    expect(six.proxyRules).toBe("http://[2001:db8::1]:1080");
    const url = "http://proxy.example.org/p.pac";
    expect(proxyConfig({ mode: "pac", url })).toEqual({ mode: "pac_script", pacScript: url });
  });
});
