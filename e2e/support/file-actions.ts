/** What people do with files. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page } from "playwright/test";
import type { Person } from "./person.ts";

export interface MadeFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const sheet = (page: Page): Locator => page.getByTestId("file-sheet");
export const card = (page: Page, name: string): Locator =>
  page.getByTestId("file-card").filter({ hasText: name });

/** Chooses them as by the picker. */
export async function pick({ page }: Person, files: readonly MadeFile[]): Promise<void> {
  await page.getByTestId("pick-file").setInputFiles([...files]);
  await expect(sheet(page)).toBeVisible();
}

export async function send({ page }: Person): Promise<void> {
  await page.getByTestId("send-files").click();
  await expect(sheet(page)).toBeHidden();
}

/** What the browser saves when somebody presses a file that is here. */
export async function saved(page: Page, button: Locator): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent("download");
  await button.click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
