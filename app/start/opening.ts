/** How the app comes before the user's eyes. */
export type Opening =
  | { readonly kind: "electron" }
  | { readonly kind: "browser"; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: "print" };

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  /** Whether Electron's binary is there. */
  readonly hasElectron: boolean;
}

/** Whether somebody sits in front of a screen of this machine. */
export function hasDisplay({ platform, env }: Pick<Surroundings, "platform" | "env">): boolean {
  if (platform === "linux") return Boolean(env["DISPLAY"]) || Boolean(env["WAYLAND_DISPLAY"]);
  return !env["SSH_CONNECTION"];
}

/** Electron, else the system's browser, else the printed address. */
export function chooseOpening(at: Surroundings, address: string): Opening {
  if (!hasDisplay(at)) return { kind: "print" };
  // Its sandbox does not start as root, and is not given up for convenience.
  if (at.hasElectron && !(at.platform === "linux" && at.isRoot)) return { kind: "electron" };
  if (at.platform === "darwin") return { kind: "browser", command: "open", args: [address] };
  if (at.platform === "win32") {
    // `start` is a word of the shell; its first quoted argument would be the title.
    return { kind: "browser", command: "cmd", args: ["/c", "start", "", address] };
  }
  return { kind: "browser", command: "xdg-open", args: [address] };
}
