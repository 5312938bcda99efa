import { join } from "node:path";

/** Pictures beside the bundled main process, by path; each has its larger `@2x` where one is used. */
export interface ShellIcons {
  readonly plain: string;
  readonly unread: string;
  readonly overlay: string;
  readonly window: string;
}

/** macOS colours its menu bar by itself (`Template`); Windows takes the size it needs from an `.ico`. */
export function shellIcons(folder: string, platform: NodeJS.Platform): ShellIcons {
  const end = platform === "darwin" ? "Template.png" : platform === "win32" ? ".ico" : ".png";
  return {
    plain: join(folder, `tray${end}`),
    unread: join(folder, `tray-unread${end}`),
    overlay: join(folder, "overlay.png"),
    window: join(folder, "window.png"),
  };
}
