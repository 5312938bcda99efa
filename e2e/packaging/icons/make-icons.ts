/**
 * `npm run icons`: draws every icon from `app/renderer/public/icon.svg` with Chromium and records what
 * was drawn. The files are committed, since machines that package have no need of a Chromium.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { chromium, type Page } from "playwright";
import { chromiumArgs, findChromium, NO_CHROMIUM, thisMachine } from "../../scripts/chromium.ts";
import type { SizedPng } from "./containers.ts";
import type { Drawing } from "./drawings.ts";
import { drawingsHash, ICON_FILES, ICONS_FOLDER, RECORD_NAME, sha256 } from "./icon-set.ts";

const machine = thisMachine();
const executablePath = findChromium(machine);
if (executablePath === undefined) {
  process.stderr.write(`${NO_CHROMIUM}\n`);
  process.exitCode = 1;
} else {
  const browser = await chromium.launch({ executablePath, args: chromiumArgs(machine.isRoot) });
  try {
    await makeAll(await browser.newPage());
  } finally {
    await browser.close();
  }
}

async function makeAll(page: Page): Promise<void> {
  await rm(ICONS_FOLDER, { recursive: true, force: true });
  const files: Record<string, string> = {};
  for (const { name, drawings, encode } of ICON_FILES) {
    const images: SizedPng[] = [];
    for (const drawing of drawings) images.push(await draw(page, drawing));
    const file = new URL(name, ICONS_FOLDER);
    const content = encode(images);
    await mkdir(new URL(".", file), { recursive: true });
    await writeFile(file, content);
    files[name] = sha256(content);
  }
  const record = { drawings: drawingsHash(), files };
  await writeFile(new URL(RECORD_NAME, ICONS_FOLDER), `${JSON.stringify(record, null, 2)}\n`);
  process.stdout.write(`${ICON_FILES.length} icons in app/icons\n`);
}

async function draw(page: Page, { svg, size }: Drawing): Promise<SizedPng> {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>body { margin: 0 } body > svg { display: block; width: ${size}px; height: ${size}px }</style>${svg}`,
  );
  return { size, png: await page.screenshot({ omitBackground: true }) };
}
