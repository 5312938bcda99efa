/** Electron's `ipcMain`: what the preload of a page asks and tells. */
import { EventEmitter } from "node:events";
import type Electron from "electron";
import * as v from "valibot";
import { BrowserWindow } from "./browser-window.ts";
import { HostEvent } from "./event.ts";
import { line } from "./link.ts";
import { loud } from "./loud.ts";

type Listener = (event: object, ...args: unknown[]) => unknown;

const FromPage = v.object({
  window: v.number(),
  channel: v.string(),
  args: v.array(v.unknown()),
  url: v.string(),
  isMainFrame: v.boolean(),
});

class HostIpc extends EventEmitter {
  readonly #handlers = new Map<string, Listener>();

  handle(channel: string, listener: Listener): void {
    if (this.#handlers.has(channel)) throw new Error(`${channel} has a handler already`);
    this.#handlers.set(channel, listener);
  }
  removeHandler(channel: string): void {
    this.#handlers.delete(channel);
  }
  invoke(value: unknown): unknown {
    const { channel, args, ...from } = v.parse(FromPage, value);
    const handler = this.#handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    return handler(eventOf(from), ...args);
  }
  tell(value: unknown): void {
    const { channel, args, ...from } = v.parse(FromPage, value);
    this.emit(channel, eventOf(from), ...args);
  }
}

function eventOf(from: {
  readonly window: number;
  readonly url: string;
  readonly isMainFrame: boolean;
}): object {
  const senderFrame = { url: from.url, parent: from.isMainFrame ? null : {} };
  const sender = BrowserWindow.fromId(from.window)?.webContents;
  return Object.assign(new HostEvent(), { sender, senderFrame });
}

const ipc = new HostIpc();
line.on("invoke", (value) => ipc.invoke(value));
line.on("ipc", (value) => ipc.tell(value));

export const ipcMain: Pick<Electron.IpcMain, "removeHandler"> & HostIpc = loud("ipcMain", ipc);
