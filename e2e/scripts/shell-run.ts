/** What the tests of the desktop app run on, and how the run says so. */

/** The stand-in in `e2e/electron-host`, or Electron itself. */
export type ShellProject = "electron" | "host";

const FLAG = "--project=";

/** @returns undefined where another project is named */
export function projectOf(args: readonly string[]): ShellProject | undefined {
  const name = args.find((arg) => arg.startsWith(FLAG))?.slice(FLAG.length) ?? "host";
  return name === "electron" || name === "host" ? name : undefined;
}

/** For Playwright: the project named once, whatever else was asked for. */
export function playwrightArguments(args: readonly string[], project: ShellProject): string[] {
  const others = args.filter((arg) => !arg.startsWith(FLAG));
  return ["test", "--config", "e2e/electron/playwright.config.ts", FLAG + project, ...others];
}

/** @param binary path of Electron's */
export function sentence(project: ShellProject, binary: string | undefined): string {
  return project === "host"
    ? "The desktop app's tests run on the stand-in for Electron (e2e/electron-host), not on Electron itself."
    : `The desktop app's tests run on Electron itself: ${binary ?? "its binary is not here"}.`;
}
