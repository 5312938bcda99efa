import { resolve } from "node:path";
import { expectPositionals, parseArguments, settingsOf, type Surroundings } from "./command.ts";
import { openStore, operatorErrorOf } from "./data-folder.ts";

/** `backup FILE`: a consistent copy of the database, also while the server runs. */
export async function backupCommand(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const args = parseArguments(argv);
  const [file = ""] = expectPositionals(args, "FILE");
  const settings = settingsOf(args, surroundings);
  await using store = await openStore(settings, "existing");
  const target = resolve(file);
  try {
    await store.backup(target);
  } catch (error) {
    throw operatorErrorOf(error, settings, target);
  }
  surroundings.stdout.write(
    `The backup is in ${target}. To use it, put it in place of beeline.db.\n`,
  );
}
