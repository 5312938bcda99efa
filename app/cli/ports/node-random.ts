import { randomFillSync } from "node:crypto";
import type { Random } from "../../../shared/chatkit/ports.ts";

export const nodeRandom: Random = {
  bytes: (length) => randomFillSync(new Uint8Array(length)),
};
