import type { AuditEvent } from "../audit/audit-log.ts";
import type { Store } from "../store/store.ts";

/** Notes what a command has done. Waits until it is written: the command may end the process. */
export async function audit(store: Store, event: Omit<AuditEvent, "actor">): Promise<void> {
  await store.audit.append({ at: Date.now(), actor: "administrator", ...event });
}
