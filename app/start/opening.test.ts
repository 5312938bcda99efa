import { describe, expect, it } from "vitest";
import { chooseOpening, hasDisplay } from "./opening.ts";
import type { Surroundings } from "./opening.ts";

const address = "http://localhost:8383";
const desktop: Surroundings = {
  platform: "linux",
  env: { DISPLAY: ":0" },
  isRoot: false,
  hasElectron: true,
};

describe("opening the app", () => {
  it("prefers Electron where it can start", () => {
    expect(chooseOpening(desktop, address)).toEqual({ kind: "electron" });
    expect(chooseOpening({ ...desktop, env: { WAYLAND_DISPLAY: "wayland-0" } }, address)).toEqual({
      kind: "electron",
    });
    expect(chooseOpening({ ...desktop, isRoot: true }, address).kind).toBe("browser");
  });

  it.each([
    ["linux", "xdg-open", [address]],
    ["darwin", "open", [address]],
    ["win32", "cmd", ["/c", "start", "", address]],
  ] as const)("takes the browser of %s otherwise", (platform, command, args) => {
    expect(chooseOpening({ ...desktop, platform, hasElectron: false }, address)).toEqual({
      kind: "browser",
      command,
      args,
    });
  });

  it("prints the address where nobody looks", () => {
    expect(chooseOpening({ ...desktop, env: {} }, address)).toEqual({ kind: "print" });
    expect(hasDisplay({ platform: "linux", env: { DISPLAY: "" } })).toBe(false);
    expect(hasDisplay({ platform: "darwin", env: { SSH_CONNECTION: "192.0.2.1" } })).toBe(false);
    expect(hasDisplay({ platform: "darwin", env: {} })).toBe(true);
  });
});
