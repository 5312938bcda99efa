import { expect, it } from "vitest";
import { guardPermissions } from "./permissions.ts";
import type { GuardedSession } from "./permissions.ts";

type Request = Parameters<GuardedSession["setPermissionRequestHandler"]>[0];
type Check = Parameters<GuardedSession["setPermissionCheckHandler"]>[0];

function guarded(hears = true) {
  let request: Request | undefined;
  let check: Check | undefined;
  let device: (() => boolean) | undefined;
  const session: GuardedSession = {
    setPermissionRequestHandler: (handler) => {
      request = handler;
    },
    setPermissionCheckHandler: (handler) => {
      check = handler;
    },
    setDevicePermissionHandler: (handler) => {
      device = handler;
    },
  };
  guardPermissions(session, hears);
  const asked = (
    url: string,
    permission: string,
    mediaTypes?: readonly string[],
  ): boolean | undefined => {
    let answer: boolean | undefined;
    const details = mediaTypes === undefined ? {} : { mediaTypes };
    const take = (granted: boolean): void => {
      answer = granted;
    };
    request?.({ getURL: () => url }, permission, take, details);
    return answer;
  };
  return { asked, check, device };
}

it("grants the listed permissions to the app's own page, and nothing else", () => {
  const { asked, check, device } = guarded();
  expect(asked("app://beeline/", "notifications")).toBe(true);
  expect(asked("https://example.org/", "notifications")).toBe(false);
  for (const permission of ["geolocation", "usb", "openExternal", "unknown"]) {
    expect(asked("app://beeline/", permission)).toBe(false);
    expect(check?.(null, permission, "app://beeline/")).toBe(false);
  }
  expect(check?.(null, "notifications", "app://beeline")).toBe(true);
  expect(check?.(null, "notifications", "app://beeline.evil")).toBe(false);
  expect(device?.()).toBe(false);
});

it("gives the microphone to the app's own page, and the camera to nobody", () => {
  const { asked, check } = guarded();
  expect(check?.(null, "media", "app://beeline/")).toBe(true);
  expect(check?.(null, "media", "https://example.org")).toBe(false);
  expect(asked("app://beeline/", "media", ["audio"])).toBe(true);
  expect(asked("https://example.org/", "media", ["audio"])).toBe(false);
  expect(guarded(false).asked("app://beeline/", "media", ["audio"])).toBe(false);
  for (const types of [["video"], ["audio", "video"], [], undefined]) {
    expect(asked("app://beeline/", "media", types)).toBe(false);
  }
});
