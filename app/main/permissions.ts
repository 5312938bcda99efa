import { isOwn } from "./scheme.ts";

/** What the page may have without asking; everything else is denied. */
const GRANTED: ReadonlySet<string> = new Set([
  "notifications",
  // Copying a message.
  "clipboard-sanitized-write",
  // History is not a cache to be evicted.
  "persistent-storage",
  // Servers and peers on the same network or machine are what the app is for.
  "local-network",
  "local-network-access",
  "loopback-network",
]);

/**
 * What the page may merely look like having. Chromium finds WebRTC candidates on all interfaces only for
 * a page that may use the microphone; else on the one with the default route, and on a network without
 * a router on none at all. Whoever really asks for the microphone is denied it.
 */
const SEEN_AS_GRANTED: ReadonlySet<string> = new Set([...GRANTED, "media"]);

/** The part of Electron's Session that the guard uses. */
export interface GuardedSession {
  setPermissionRequestHandler(
    handler: (
      contents: { getURL(): string },
      permission: string,
      answer: (granted: boolean) => void,
    ) => void,
  ): void;
  setPermissionCheckHandler(
    handler: (contents: unknown, permission: string, origin: string) => boolean,
  ): void;
  setDevicePermissionHandler(handler: () => boolean): void;
}

export function guardPermissions(session: GuardedSession): void {
  session.setPermissionRequestHandler((contents, permission, answer) => {
    answer(isOwn(contents.getURL()) && GRANTED.has(permission));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, origin) => isOwn(origin) && SEEN_AS_GRANTED.has(permission),
  );
  session.setDevicePermissionHandler(() => false);
}
