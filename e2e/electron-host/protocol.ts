/** Electron's `protocol`: the shell's handler answers what the pages ask of its scheme. */
import type Electron from "electron";
import * as v from "valibot";
import { line } from "./link.ts";
import { loud } from "./loud.ts";

type Handler = Parameters<Electron.Protocol["handle"]>[1];

const handlers = new Map<string, Handler>();
const Asked = v.object({ method: v.string(), url: v.string() });

line.on("request", async (value) => {
  const { method, url } = v.parse(Asked, value);
  const handler = handlers.get(new URL(url).protocol.slice(0, -1));
  if (handler === undefined) throw new Error(`nobody serves ${url}`);
  // The global Request is of another type than Electron's, with the same members.
  const answer = await handler(new Request(url, { method }));
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: new Uint8Array(await answer.arrayBuffer()),
  };
});

export const protocol: Pick<Electron.Protocol, "handle" | "registerSchemesAsPrivileged"> = loud(
  "protocol",
  {
    handle: (scheme: string, handler: Handler) => void handlers.set(scheme, handler),
    registerSchemesAsPrivileged: () => {
      // The origin that stands for the scheme is secure and standard of itself.
    },
  },
);
