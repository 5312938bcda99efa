import { existsSync } from "node:fs";
import { OperatorError } from "../../config/operator-error.ts";
import type { Settings } from "../../config/settings.ts";
import { recordOf } from "../../sign-in/opaque-server.ts";
import { StoreError } from "../../store/store.ts";
import { allAccounts } from "../accounts.ts";
import { databaseFile, openStore } from "../data-folder.ts";
import { good, poor, type Finding } from "./finding.ts";

/** Passwords that an older server hashed cannot be used any more, and not be converted either. */
export async function checkPasswords(settings: Settings): Promise<readonly Finding[]> {
  if (!existsSync(databaseFile(settings))) return [];
  try {
    await using store = await openStore(settings, "existing");
    const accounts = await allAccounts(store);
    const old = accounts.filter(({ credential }) => recordOf(credential) === undefined);
    if (old.length === 0) return [good("Passwords: all can be used.")];
    const [first] = old;
    return [
      poor(
        `Passwords: ${old.length} of an older version cannot be used (${first?.userName ?? ""}` +
          `${old.length > 1 ? ", …" : ""}). Use user reset-password.`,
      ),
    ];
  } catch (error) {
    // What keeps the database from being read is the database's own finding.
    if (error instanceof OperatorError || error instanceof StoreError) return [];
    throw error;
  }
}
