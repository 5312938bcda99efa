/** The proxy of everything that the app loads: of the page's WebSockets and of updates. */
import type { ProxyConfig } from "electron";
import { type BridgeProxy, type ProxySetting, SYSTEM_PROXY } from "../preload/proxy-setting.ts";

/** The part of Electron's Session that is used. */
export interface ProxiedSession {
  setProxy(config: ProxyConfig): Promise<void>;
  closeAllConnections(): Promise<void>;
}

export interface ProxyStore {
  readonly proxy: ProxySetting | undefined;
  setProxy(setting: ProxySetting): Promise<void>;
}

/** The page asked to change what the administrator has set. */
export class ProxyIsFixed extends Error {
  override readonly name = "ProxyIsFixed";
}

export class ProxyDesk {
  readonly #sessions: readonly ProxiedSession[];
  readonly #store: ProxyStore;
  readonly #policy: ProxySetting | undefined;
  readonly #mayChange: boolean;

  /** @param mayChange what the policy leaves to the person */
  constructor(
    sessions: readonly ProxiedSession[],
    store: ProxyStore,
    policy: ProxySetting | undefined,
    mayChange: boolean,
  ) {
    this.#sessions = sessions;
    this.#store = store;
    this.#policy = policy;
    this.#mayChange = mayChange;
  }

  /** Before the page loads. */
  async start(): Promise<void> {
    await this.#apply();
  }

  get state(): BridgeProxy {
    return { setting: this.#setting, fixed: !this.#mayChange };
  }

  /** @throws ProxyIsFixed */
  async set(setting: ProxySetting): Promise<void> {
    if (!this.#mayChange) throw new ProxyIsFixed("The administrator has set the proxy");
    await this.#store.setProxy(setting);
    await this.#apply();
    // What stands on the old way is made anew on the new one.
    await Promise.all(this.#sessions.map((session) => session.closeAllConnections()));
  }

  get #setting(): ProxySetting {
    return this.#policy ?? this.#store.proxy ?? SYSTEM_PROXY;
  }

  async #apply(): Promise<void> {
    const config = proxyConfig(this.#setting);
    await Promise.all(this.#sessions.map((session) => session.setProxy(config)));
  }
}

/** In Electron's words. */
export function proxyConfig(setting: ProxySetting): ProxyConfig {
  switch (setting.mode) {
    case "system":
      return { mode: "system" };
    case "none":
      return { mode: "direct" };
    case "pac":
      return { mode: "pac_script", pacScript: setting.url };
    case "manual": {
      const { scheme, host, port, bypass } = setting;
      return {
        mode: "fixed_servers",
        // One without a list of schemes is for all of them, WebSockets too.
        proxyRules: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`,
        proxyBypassRules: bypass.join(","),
      };
    }
  }
}
