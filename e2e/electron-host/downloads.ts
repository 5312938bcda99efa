/** What pages save to the disk: the shell is told of each, and may refuse it. */
import { EventEmitter } from "node:events";
import type Electron from "electron";
import * as v from "valibot";
import { HostEvent } from "./event.ts";
import { line } from "./link.ts";
import { loud } from "./loud.ts";
import { defaultSession } from "./session.ts";

type Known =
  | "getFilename"
  | "getSaveDialogOptions"
  | "getSavePath"
  | "getURL"
  | "setSaveDialogOptions"
  | "setSavePath";

const Begun = v.object({ download: v.number(), url: v.string(), name: v.string() });
const Done = v.object({ download: v.number() });

const items = new Map<number, HostDownload>();

class HostDownload extends EventEmitter implements Pick<Electron.DownloadItem, Known> {
  readonly #url: string;
  readonly #name: string;
  #options: Electron.SaveDialogOptions = {};
  #path = "";

  constructor(url: string, name: string) {
    super();
    this.#url = url;
    this.#name = name;
  }
  getURL(): string {
    return this.#url;
  }
  getFilename(): string {
    return this.#name;
  }
  setSaveDialogOptions(options: Electron.SaveDialogOptions): void {
    this.#options = options;
  }
  getSaveDialogOptions(): Electron.SaveDialogOptions {
    return this.#options;
  }
  setSavePath(path: string): void {
    this.#path = path;
  }
  getSavePath(): string {
    return this.#path;
  }
}

/** Answers with the path to save at, or undefined where the shell refuses. */
line.on("download", (value) => {
  const { download, url, name } = v.parse(Begun, value);
  const item = loud("DownloadItem", new HostDownload(url, name));
  const event = new HostEvent();
  defaultSession.emit("will-download", event, item, {});
  if (event.defaultPrevented) return undefined;
  // Electron would open its dialog.
  if (item.getSavePath() === "") throw new Error("Nobody says where to save: the test has to");
  items.set(download, item);
  return item.getSavePath();
});
line.on("downloaded", (value) => {
  const { download } = v.parse(Done, value);
  items.get(download)?.emit("done", new HostEvent(), "completed");
  items.delete(download);
});
