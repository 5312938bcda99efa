/** Electron's default session: what the shell decides of permissions is what Chromium grants. */
import { EventEmitter } from "node:events";
import type Electron from "electron";
import { line } from "./link.ts";
import { loud } from "./loud.ts";

type Known =
  | "addWordToSpellCheckerDictionary"
  | "availableSpellCheckerLanguages"
  | "closeAllConnections"
  | "forceReloadProxyConfig"
  | "isSpellCheckerEnabled"
  | "getSpellCheckerLanguages"
  | "resolveProxy"
  | "setCertificateVerifyProc"
  | "setDevicePermissionHandler"
  | "setPermissionCheckHandler"
  | "setPermissionRequestHandler"
  | "setProxy"
  | "setSpellCheckerEnabled"
  | "setSpellCheckerDictionaryDownloadURL"
  | "setSpellCheckerLanguages";

type CheckHandler = Parameters<Electron.Session["setPermissionCheckHandler"]>[0];

/** Electron's names of permissions, and those of the Chromium that stands in. */
const PERMISSIONS = [
  ["notifications", "notifications"],
  ["clipboard-sanitized-write", "clipboard-write"],
  ["media", "microphone"],
  ["local-network-access", "local-network-access"],
] as const;

export class HostSession extends EventEmitter implements Pick<Electron.Session, Known> {
  readonly availableSpellCheckerLanguages = ["de", "en-GB", "en-US", "fr"];
  #spellCheckerLanguages: string[] = ["en-GB"];
  #isSpellCheckerEnabled = true;
  #proxyRules: string | undefined;

  setPermissionCheckHandler(handler: CheckHandler): void {
    const origin = "app://beeline/";
    const granted = PERMISSIONS.filter(
      ([name]) => handler?.(null, name, origin, { isMainFrame: true }) ?? true,
    );
    const names = granted.map(([, name]) => name);
    line.tell("permissions", names);
  }
  setPermissionRequestHandler(): void {
    // Chromium is told beforehand, and asks nobody.
  }
  setDevicePermissionHandler(): void {
    // No devices.
  }
  setCertificateVerifyProc(): void {
    // Chromium cannot be answered from here: its own rules hold.
  }
  /** Kept for who asks; the Chromium that stands in goes on by its own settings. */
  async setProxy({ mode, proxyRules }: Electron.ProxyConfig): Promise<void> {
    this.#proxyRules = mode === "fixed_servers" ? proxyRules : undefined;
  }
  /** As Chromium words it, for one HTTP proxy or none. */
  async resolveProxy(): Promise<string> {
    const rules = this.#proxyRules;
    return rules === undefined ? "DIRECT" : `PROXY ${rules.replace("http://", "")}`;
  }
  async closeAllConnections(): Promise<void> {
    // None through a proxy.
  }
  async forceReloadProxyConfig(): Promise<void> {
    // None.
  }
  setSpellCheckerEnabled(enable: boolean): void {
    this.#isSpellCheckerEnabled = enable;
  }
  isSpellCheckerEnabled(): boolean {
    return this.#isSpellCheckerEnabled;
  }
  setSpellCheckerLanguages(languages: string[]): void {
    this.#spellCheckerLanguages = languages;
  }
  getSpellCheckerLanguages(): string[] {
    return this.#spellCheckerLanguages;
  }
  addWordToSpellCheckerDictionary(): boolean {
    return true;
  }
  setSpellCheckerDictionaryDownloadURL(): void {
    // Nothing is downloaded.
  }
}

export const defaultSession: HostSession = loud("session.defaultSession", new HostSession());
export const session = loud("session", { defaultSession });
