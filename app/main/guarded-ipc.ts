/** Calls from the page, each behind the check of who asks and of what is asked. */
import * as v from "valibot";
import { isOwn } from "./scheme.ts";

/** The part of Electron's ipcMain that is used. */
export interface MainIpc {
  handle(channel: string, listener: (event: IpcEvent, ...args: unknown[]) => unknown): void;
}

export interface IpcEvent {
  /** Null once the frame has gone. `parent` is null for a window's own page. */
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null;
}

/** The page broke the bridge's contract: wrong arguments, or a frame that may not ask. */
export class RefusedCall extends Error {
  override readonly name = "RefusedCall";
}

/** Binds a channel to a handler that gets the arguments as the schema parses them. */
export type GuardedIpc = <Schema extends v.GenericSchema<unknown, readonly unknown[]>>(
  channel: string,
  schema: Schema,
  handler: (args: v.InferOutput<Schema>) => unknown,
) => void;

export function guardedIpc(ipc: MainIpc): GuardedIpc {
  return (channel, schema, handler) => {
    ipc.handle(channel, (event, ...args) => {
      const frame = event.senderFrame;
      if (frame === null || frame.parent !== null || !isOwn(frame.url)) {
        throw new RefusedCall(`${channel}: not asked by the app's own page`);
      }
      const parsed = v.safeParse(schema, args);
      if (!parsed.success) throw new RefusedCall(`${channel}: ${v.summarize(parsed.issues)}`);
      return handler(parsed.output);
    });
  };
}
