import { existsSync } from "node:fs";
import { OperatorError } from "../../config/operator-error.ts";
import type { Settings } from "../../config/settings.ts";
import { StoreError } from "../../store/store.ts";
import { databaseFile, openStore } from "../data-folder.ts";
import { bad, good, type Finding } from "./finding.ts";

/** Lines of one check; a broken database has thousands. */
const MAX_LINES = 10;

export async function checkDatabaseFile(settings: Settings): Promise<readonly Finding[]> {
  if (!existsSync(databaseFile(settings))) {
    return [good("Database: will be made at the first start.")];
  }
  try {
    await using store = await openStore(settings, "existing");
    const findings = await store.check();
    if (findings.length === 0) return [good("Database: whole.")];
    return findings.slice(0, MAX_LINES).map((line) => bad(`Database: ${line}`));
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof StoreError)) throw error;
    return [bad(`Database: ${error.message}`)];
  }
}
