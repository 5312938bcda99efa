import type { Store } from "../store/store.ts";
import { jsonReply, type Reply } from "./reply.ts";

/** A store that has not answered by then counts as unreachable. */
const STORE_DEADLINE_MS = 2000;

/**
 * `/healthz`: 200 while the server can do its work, 503 while it drains or its store does not
 * answer. Says nothing that an outsider may not know.
 */
export async function healthReply(store: Store, draining: boolean): Promise<Reply> {
  const reachable = await answers(store);
  const status = draining ? "draining" : reachable ? "ok" : "failing";
  return jsonReply(status === "ok" ? 200 : 503, {
    status,
    store: reachable ? "ok" : "unreachable",
  });
}

async function answers(store: Store): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), STORE_DEADLINE_MS);
  });
  try {
    const asked = store.accounts.list({ limit: 1 }).then(
      () => true,
      () => false,
    );
    return await Promise.race([asked, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
