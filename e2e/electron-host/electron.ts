import "./downloads.ts";

/** What `import … from "electron"` gives the shell here. A name that is missing fails the import. */
export { app } from "./app.ts";
export { BrowserWindow } from "./browser-window.ts";
export { ipcMain } from "./ipc-main.ts";
export { Menu, MenuItem } from "./menu.ts";
export { protocol } from "./protocol.ts";
export { session } from "./session.ts";
export {
  clipboard,
  dialog,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  safeStorage,
  screen,
  shell,
  Tray,
} from "./system.ts";
