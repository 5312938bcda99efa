/** The names of everything that crosses between the preload and the main process. */
export const CHANNELS = {
  getSetting: "beeline:get-setting",
  setSetting: "beeline:set-setting",
  setBadge: "beeline:set-badge",
  notify: "beeline:notify",
  withdraw: "beeline:withdraw",
  notificationClick: "beeline:notification-click",
  localAddresses: "beeline:local-addresses",
  pinServer: "beeline:pin-server",
  refusedCertificate: "beeline:refused-certificate",
  protectKey: "beeline:protect-key",
  unprotectKey: "beeline:unprotect-key",
  joinLan: "beeline:join-lan",
  leaveLan: "beeline:leave-lan",
  sendLan: "beeline:send-lan",
  lanEvent: "beeline:lan-event",
  watchServers: "beeline:watch-servers",
  unwatchServers: "beeline:unwatch-servers",
  serversFound: "beeline:servers-found",
  listen: "beeline:listen",
  event: "beeline:event",
  tellState: "beeline:tell-state",
  desktop: "beeline:desktop",
  setLoginItem: "beeline:set-login-item",
  fetchPreview: "beeline:fetch-preview",
} as const;

/** The window's argument that carries the platform information, as JSON in URI encoding. */
export const PLATFORM_ARGUMENT = "--beeline-platform=";

/** What a person may choose to show of themselves. */
export const SHOWS = ["online", "away", "busy", "offline"] as const;

/** Of the application menu and the tray; the page does them. */
export const MENU_COMMANDS = [
  "about",
  "settings",
  "new-conversation",
  "new-group",
  "search",
  "next-conversation",
  "previous-conversation",
  "shortcuts",
] as const;
