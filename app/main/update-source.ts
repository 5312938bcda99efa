/** Where updates come from, if from anywhere; and the real updater, set to it. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Policy } from "./policy.ts";
import type { UpdatesOptions } from "./updates.ts";

/** The session of electron-updater's requests, by its partition. */
export const UPDATER_PARTITION = "electron-updater";
const CACHE_FOLDER = "beeline-updater";

export interface Installation {
  readonly platform: NodeJS.Platform;
  readonly isPackaged: boolean;
  /** Electron's folder of resources; `app-update.yml` there is the feed that the package was built with. */
  readonly resources: string;
  readonly userData: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function updateSource(
  { platform, isPackaged, resources, userData, env }: Installation,
  policy: Policy,
): UpdatesOptions["source"] {
  if (!policy.allows("updates")) return "administrator";
  // What runs from its sources has no such folder of its own.
  if (!isPackaged) return "no-feed";
  const builtIn = existsSync(join(resources, "app-update.yml"));
  const { updateFeed } = policy;
  if (!builtIn && updateFeed === undefined) return "no-feed";
  const isAppImage = env["APPIMAGE"] !== undefined;
  const isPortable = env["PORTABLE_EXECUTABLE_FILE"] !== undefined;
  const isUnpacked =
    platform === "linux" && !isAppImage && !existsSync(join(resources, "package-type"));
  if (isPortable || isUnpacked) return "unsupported";
  return async () => {
    const { autoUpdater } = await import("electron-updater");
    autoUpdater.logger = null;
    // A number by which a feed would know the machine again.
    autoUpdater.requestHeaders = { "x-user-staging-id": "" };
    autoUpdater.disableWebInstaller = true;
    // The other packages of Linux ask for a password, which nobody expects at the end of a program.
    autoUpdater.autoInstallOnAppQuit = platform !== "linux" || isAppImage;
    if (updateFeed !== undefined) {
      if (!builtIn) {
        const file = join(userData, "update-feed.yml");
        const feed = { provider: "generic", url: updateFeed, updaterCacheDirName: CACHE_FOLDER };
        // JSON is YAML.
        await writeFile(file, JSON.stringify(feed));
        autoUpdater.updateConfigPath = file;
      }
      autoUpdater.setFeedURL({ provider: "generic", url: updateFeed });
    }
    return autoUpdater;
  };
}
