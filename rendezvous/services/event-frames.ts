import { eventFrame, type EventName, type EventParams } from "../../shared/protocol/index.ts";

/** An event as the bytes of its text frame: made once, however many get it. */
export function event<E extends EventName>(name: E, params: EventParams<E>): Buffer {
  return Buffer.from(eventFrame(name, params), "utf8");
}
