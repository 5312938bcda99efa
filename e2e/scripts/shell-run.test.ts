import { describe, expect, it } from "vitest";
import { playwrightArguments, projectOf, sentence } from "./shell-run.ts";

describe("the tests of the desktop app", () => {
  it("run on the stand-in unless Electron is asked for", () => {
    expect(projectOf([])).toBe("host");
    expect(projectOf(["--project=electron", "window"])).toBe("electron");
    expect(projectOf(["--project=firefox"])).toBeUndefined();
  });

  it("are one project's, with what else was asked for", () => {
    expect(playwrightArguments(["window", "--project=electron", "-x"], "electron")).toEqual([
      ...["test", "--config", "e2e/electron/playwright.config.ts"],
      ...["--project=electron", "window", "-x"],
    ]);
  });

  it("say which it was", () => {
    expect(sentence("host", undefined)).toContain("stand-in");
    expect(sentence("host", "/opt/electron")).toContain("not on Electron itself");
    expect(sentence("electron", "/opt/electron")).toContain("on Electron itself: /opt/electron");
  });
});
