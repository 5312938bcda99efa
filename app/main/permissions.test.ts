import { expect, it } from "vitest";
import { guardPermissions } from "./permissions.ts";
import type { GuardedSession } from "./permissions.ts";

type Request = Parameters<GuardedSession["setPermissionRequestHandler"]>[0];
type Check = Parameters<GuardedSession["setPermissionCheckHandler"]>[0];

it("grants the listed permissions to the app's own page, and nothing else", () => {
  let request: Request | undefined;
  let check: Check | undefined;
  let device: (() => boolean) | undefined;
  guardPermissions({
    setPermissionRequestHandler: (handler) => {
      request = handler;
    },
    setPermissionCheckHandler: (handler) => {
      check = handler;
    },
    setDevicePermissionHandler: (handler) => {
      device = handler;
    },
  });
  const asked = (url: string, permission: string): boolean | undefined => {
    let answer: boolean | undefined;
    request?.({ getURL: () => url }, permission, (granted) => {
      answer = granted;
    });
    return answer;
  };

  expect(asked("app://beeline/", "notifications")).toBe(true);
  expect(asked("https://example.org/", "notifications")).toBe(false);
  for (const permission of ["media", "geolocation", "usb", "openExternal", "unknown"]) {
    expect(asked("app://beeline/", permission)).toBe(false);
    expect(check?.(null, permission, "app://beeline/")).toBe(false);
  }
  expect(check?.(null, "notifications", "app://beeline")).toBe(true);
  expect(check?.(null, "notifications", "app://beeline.evil")).toBe(false);
  expect(device?.()).toBe(false);
});
