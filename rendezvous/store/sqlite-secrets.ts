import { prepare, text } from "./rows.ts";
import type { SqliteContext } from "./rows.ts";
import type { SecretStore } from "./store.ts";

export function sqliteSecrets({ db, commits, read }: SqliteContext): SecretStore {
  const find = prepare(db, "SELECT value FROM secrets WHERE name = ?");
  const insert = prepare(db, "INSERT INTO secrets VALUES (?, ?) ON CONFLICT (name) DO NOTHING");
  const held = (name: string): string | undefined => {
    const row = find.one(name);
    return row === undefined ? undefined : text(row, "value");
  };
  return {
    async get(name, make) {
      const known = await read(() => held(name));
      if (known !== undefined) return known;
      const made = make();
      // A command beside the server may have been faster.
      return await commits.write(() => {
        insert.run(name, made);
        return held(name) ?? made;
      });
    },
  };
}
