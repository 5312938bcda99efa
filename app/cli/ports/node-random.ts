import { randomFillSync } from "node:crypto";
import type { Random } from "../../../shared/chatkit/ports.ts";
import { pooledRandom } from "../../peer/pooled-random.ts";

export const nodeRandom: Random = pooledRandom((bytes) => randomFillSync(bytes));
