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
 * What the page looks like having. Chromium finds WebRTC candidates on all interfaces only for a page
 * that may use the microphone; else on the one with the default route, and on a network without a
 * router on none at all.
 */
const SEEN_AS_GRANTED: ReadonlySet<string> = new Set([...GRANTED, "media"]);

/** The part of Electron's Session that the guard uses. */
export interface GuardedSession {
  setPermissionRequestHandler(
    handler: (
      contents: { getURL(): string },
      permission: string,
      answer: (granted: boolean) => void,
      details: object,
    ) => void,
  ): void;
  setPermissionCheckHandler(
    handler: (contents: unknown, permission: string, origin: string) => boolean,
  ): void;
  setDevicePermissionHandler(handler: () => boolean): void;
}

/** @param hears whether the administrator allows voice messages */
export function guardPermissions(session: GuardedSession, hears: boolean): void {
  session.setPermissionRequestHandler((contents, permission, answer, details) => {
    const granted =
      GRANTED.has(permission) ||
      // The microphone, for voice messages; the camera for nobody.
      (permission === "media" && hears && isSoundOnly(details));
    answer(isOwn(contents.getURL()) && granted);
  });
  session.setPermissionCheckHandler(
    (_contents, permission, origin) => isOwn(origin) && SEEN_AS_GRANTED.has(permission),
  );
  session.setDevicePermissionHandler(() => false);
}

/** Electron's MediaAccessPermissionRequest names what is asked for: `audio`, `video` or both. */
function isSoundOnly(details: object): boolean {
  if (!("mediaTypes" in details) || !Array.isArray(details.mediaTypes)) return false;
  return details.mediaTypes.length === 1 && details.mediaTypes[0] === "audio";
}
