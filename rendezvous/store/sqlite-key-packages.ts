import { hash } from "node:crypto";
import { ProtocolError } from "../../shared/protocol/index.ts";
import { bytes, integer, prepare } from "./rows.ts";
import type { SqliteContext } from "./rows.ts";
import type { KeyPackageStore } from "./store.ts";

export function sqliteKeyPackages({ db, commits }: SqliteContext): KeyPackageStore {
  const device = prepare(db, "SELECT seq FROM devices WHERE device_id = ?");
  const count = prepare(
    db,
    "SELECT count(*) AS n FROM key_packages WHERE device = ? AND NOT last_resort",
  );
  // The same package again comes of a request whose answer was lost.
  const insert = prepare(
    db,
    `INSERT INTO key_packages (device, last_resort, package_hash, package) VALUES (?, ?, ?, ?)
     ON CONFLICT (device, package_hash) DO NOTHING`,
  );
  const removeLastResort = prepare(db, "DELETE FROM key_packages WHERE device = ? AND last_resort");
  const oldest = prepare(
    db,
    `SELECT seq, package FROM key_packages
     WHERE device = ? AND NOT last_resort ORDER BY seq LIMIT 1`,
  );
  const lastResort = prepare(
    db,
    "SELECT package FROM key_packages WHERE device = ? AND last_resort",
  );
  const remove = prepare(db, "DELETE FROM key_packages WHERE seq = ?");

  function kept(seq: number): number {
    const row = count.one(seq);
    return row === undefined ? 0 : integer(row, "n");
  }

  function store(seq: number, keyPackage: Uint8Array, isLastResort: boolean): number {
    const packageHash = hash("sha256", keyPackage, "buffer");
    return insert.run(seq, isLastResort ? 1 : 0, packageHash, keyPackage);
  }

  return {
    publish: (deviceId, packages) =>
      commits.write(() => {
        const row = device.one(deviceId);
        if (row === undefined) {
          throw new ProtocolError("no-such-device", "There is no such device.");
        }
        const seq = integer(row, "seq");
        let held = kept(seq);
        for (const keyPackage of packages.singleUse) {
          if (held >= packages.maxKept) break;
          held += store(seq, keyPackage, false);
        }
        if (packages.lastResort !== undefined) {
          removeLastResort.run(seq);
          store(seq, packages.lastResort, true);
        }
        return held;
      }),
    take: (deviceId, { spare }) =>
      commits.write(() => {
        const row = device.one(deviceId);
        if (row === undefined) return undefined;
        const seq = integer(row, "seq");
        const first = spare ? undefined : oldest.one(seq);
        if (first !== undefined) {
          remove.run(integer(first, "seq"));
          return { keyPackage: bytes(first, "package"), left: kept(seq), singleUse: true };
        }
        const reserve = lastResort.one(seq);
        if (reserve === undefined) return undefined;
        return { keyPackage: bytes(reserve, "package"), left: kept(seq), singleUse: false };
      }),
  };
}
