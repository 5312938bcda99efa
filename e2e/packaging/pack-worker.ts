/**
 * Packs a project with electron-builder itself, as far as a machine without Electron can: an unpacked
 * folder for Linux, from a folder that stands in for Electron's. Prints the desktop entry of its
 * packages. A process of its own, since electron-builder writes what it does to the standard output.
 *
 * Arguments: the project's folder, the stand-in, where the desktop entry goes to.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { LinuxTargetHelper } from "app-builder-lib/out/targets/LinuxTargetHelper.js";
import { build, type LinuxPackager, Platform } from "electron-builder";

const [project = "", electronDist = "", entryFile = ""] = process.argv.slice(2);

await build({
  projectDir: project,
  targets: Platform.LINUX.createTarget("dir"),
  publish: "never",
  config: {
    extends: fileURLToPath(new URL("../../electron-builder.yml", import.meta.url)),
    electronDist,
    afterPack: async ({ packager }) => {
      if (!isLinux(packager)) throw new Error("Packed for another system than Linux");
      const helper = new LinuxTargetHelper(packager);
      const entry = await helper.computeDesktopEntry(packager.platformSpecificBuildOptions);
      await writeFile(entryFile, entry);
    },
  },
});

function isLinux(packager: object): packager is LinuxPackager {
  return "platform" in packager && packager.platform === Platform.LINUX;
}
