import type { Random } from "../../../shared/chatkit/ports.ts";
import { pooledRandom } from "../../peer/pooled-random.ts";

/**
 * The browser's generator; present in insecure contexts too, unlike `crypto.subtle`. The pool asks
 * for far less than a call may (65,536 bytes, Web Cryptography §10.1.1).
 */
export const webRandom: Random = pooledRandom((bytes) => crypto.getRandomValues(bytes));
