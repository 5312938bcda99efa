/** Every icon file of the project, and the record that tells whether they fit their source. */
import { createHash } from "node:crypto";
import { type SizedPng, ICNS_SIZES, toIcns, toIco } from "./containers.ts";
import {
  type Drawing,
  appDrawing,
  macDrawing,
  overlayDrawing,
  templateDrawing,
  trayDrawing,
} from "./drawings.ts";

export const ICONS_FOLDER = new URL("../../../app/icons/", import.meta.url);
/** Within the folder: hashes of the drawings and of each file made from them. */
export const RECORD_NAME = "icons.json";

export interface IconFile {
  /** Below the folder. `shell/` is what the program itself loads; the rest is for the packages. */
  readonly name: string;
  readonly drawings: readonly Drawing[];
  /** @param images one for each drawing, in their order */
  readonly encode: (images: readonly SizedPng[]) => Buffer;
}

const LINUX_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
const ICO_SIZES = [16, 20, 24, 32, 40, 48, 64, 256];
const TRAY_ICO_SIZES = [16, 20, 24, 32, 48];
/** Points of a tray on Linux, and of the menu bar of macOS. */
const TRAY_SIZE = 24;
const MENU_BAR_SIZE = 18;

export const ICON_FILES: readonly IconFile[] = [
  // Named as electron-builder reads a folder of icons.
  ...LINUX_SIZES.map((size) => png(`linux/${size}x${size}.png`, appDrawing(size))),
  { name: "icon.ico", drawings: ICO_SIZES.map(appDrawing), encode: toIco },
  { name: "icon.icns", drawings: ICNS_SIZES.map(macDrawing), encode: toIcns },
  png("shell/window.png", appDrawing(256)),
  png("shell/overlay.png", overlayDrawing(16)),
  png("shell/overlay@2x.png", overlayDrawing(32)),
  ...[false, true].flatMap((unread) => {
    const name = unread ? "shell/tray-unread" : "shell/tray";
    return [
      png(`${name}.png`, trayDrawing(TRAY_SIZE, unread)),
      png(`${name}@2x.png`, trayDrawing(TRAY_SIZE * 2, unread)),
      png(`${name}Template.png`, templateDrawing(MENU_BAR_SIZE, unread)),
      png(`${name}Template@2x.png`, templateDrawing(MENU_BAR_SIZE * 2, unread)),
      {
        name: `${name}.ico`,
        drawings: TRAY_ICO_SIZES.map((size) => trayDrawing(size, unread)),
        encode: toIco,
      },
    ];
  }),
];

/** Of everything that is drawn: of the source, and of what is made of it. */
export function drawingsHash(): string {
  const drawn = ICON_FILES.map(({ name, drawings }) => [name, drawings]);
  return sha256(JSON.stringify(drawn));
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function png(name: string, drawing: Drawing): IconFile {
  return {
    name,
    drawings: [drawing],
    encode: (images) => Buffer.concat(images.map((image) => image.png)),
  };
}
