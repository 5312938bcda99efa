import { describe, expect, it } from "vitest";
import { chromiumArgs, findChromium, installChromium } from "./chromium.ts";
import type { Machine } from "./chromium.ts";

/** A machine on which `present` starts; installers listed in `brings` make theirs start. */
function machine(
  present: readonly string[],
  options: {
    env?: Record<string, string>;
    isRoot?: boolean;
    brings?: Record<string, string>;
  } = {},
): Machine & { readonly commands: string[] } {
  const programs = new Set(present);
  const commands: string[] = [];
  return {
    commands,
    env: { PATH: "/usr/local/bin:/usr/bin", ...options.env },
    isRoot: options.isRoot ?? false,
    playwrightPath: "/cache/chrome",
    runs: (command, args) => {
      if (args[0] === "--version") return programs.has(command);
      const line = [command, ...args].join(" ");
      commands.push(line);
      const brought = options.brings?.[line];
      if (brought !== undefined) programs.add(brought);
      return brought !== undefined || line === "apt-get update";
    },
  };
}

describe("finding Chromium", () => {
  it("takes the one that is named, and no other", () => {
    const env = { BEELINE_CHROMIUM: "/opt/chrome" };
    expect(findChromium(machine(["/opt/chrome", "/usr/bin/chromium"], { env }))).toBe(
      "/opt/chrome",
    );
    expect(findChromium(machine(["/usr/bin/chromium"], { env }))).toBeUndefined();
    const unnamed = machine(["/usr/bin/chromium"], { env: { BEELINE_CHROMIUM: "" } });
    expect(findChromium(unnamed)).toBe("/usr/bin/chromium");
  });

  it("prefers the system's over Playwright's, and passes over one that does not start", () => {
    expect(findChromium(machine(["/cache/chrome", "/usr/bin/google-chrome"]))).toBe(
      "/usr/bin/google-chrome",
    );
    expect(findChromium(machine(["/cache/chrome"]))).toBe("/cache/chrome");
    expect(findChromium(machine([]))).toBeUndefined();
  });

  it("installs Playwright's, and the distribution's only as root and only after that", () => {
    const own = { "npx playwright install chromium": "/cache/chrome" };
    const distribution = { "apt-get install -y chromium": "/usr/bin/chromium" };

    const withOwn = machine([], { brings: own, isRoot: true });
    expect(installChromium(withOwn)).toBe("/cache/chrome");
    expect(withOwn.commands).toEqual(["npx playwright install chromium"]);

    expect(installChromium(machine([], { brings: distribution, isRoot: true }))).toBe(
      "/usr/bin/chromium",
    );

    const user = machine([], { brings: distribution });
    expect(installChromium(user)).toBeUndefined();
    expect(user.commands).toEqual(["npx playwright install chromium"]);
  });

  it("installs nothing where one is named", () => {
    const named = machine([], { env: { BEELINE_CHROMIUM: "/nowhere" }, isRoot: true });
    expect(installChromium(named)).toBeUndefined();
    expect(named.commands).toEqual([]);
  });

  it("gives up the sandbox only as root", () => {
    expect(chromiumArgs(true)).toContain("--no-sandbox");
    expect(chromiumArgs(false)).not.toContain("--no-sandbox");
  });
});
