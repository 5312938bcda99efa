/** The stand-in's own end of the line to the process that owns the windows. */
import * as v from "valibot";
import { Line } from "./line.ts";

/** What the owner of the windows tells, once, before the shell starts. */
const Machine = v.object({
  userData: v.string(),
  version: v.string(),
});

/** Ends this process, when all that was said has been sent. */
export function leave(status: number): void {
  // Not from within a listener of the shell's: its answer comes after.
  setImmediate(() => {
    const last = { type: "tell", name: "leaving", value: undefined };
    process.send?.(last, () => process.exit(status));
  });
}

/** @throws where this process was not started by one that owns windows */
function openLine(): Line {
  const send = process.send?.bind(process);
  if (send === undefined) throw new Error("Started without a line to the windows' owner");
  return new Line({
    send: (message) => void send(message),
    onMessage: (listener) => void process.on("message", listener),
  });
}

export const line = openLine();
export const machine = v.parse(Machine, await line.ask("machine"));
// Without windows there is nobody to be there for.
process.on("disconnect", () => process.exit(1));
