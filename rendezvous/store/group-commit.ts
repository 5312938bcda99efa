import type { DatabaseSync, StatementSync } from "node:sqlite";
import { toStoreError } from "./sqlite-error.ts";

/** Writes that one transaction takes; with more, it commits at once and a new one begins. */
const MAX_GROUP = 4096;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Runs all writes of one tick in one transaction, so that they share one fsync. Each runs at once
 * (later reads see it) inside a savepoint of its own; its promise resolves after the COMMIT. A
 * write that throws undoes itself only; a COMMIT that fails rejects all of its group.
 */
export class GroupCommit implements Disposable {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  readonly #rollbackTo: StatementSync;
  #waiting: Waiting[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
    // IMMEDIATE: the wait for another process's write happens here, never in mid-transaction.
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#savepoint = db.prepare("SAVEPOINT step");
    this.#release = db.prepare("RELEASE step");
    this.#rollbackTo = db.prepare("ROLLBACK TO step");
  }

  /** @throws StoreError, and what `step` throws */
  write<T>(step: () => T): Promise<T> {
    let value: T;
    try {
      if (!this.#db.isTransaction) this.#begin.run();
      this.#scheduled ??= setImmediate(() => this.flush());
      value = this.#runStep(step);
    } catch (error) {
      return Promise.reject(toStoreError(error));
    }
    const written = new Promise<T>((resolve, reject) => {
      this.#waiting.push({ resolve: () => resolve(value), reject });
    });
    if (this.#waiting.length >= MAX_GROUP) this.flush();
    return written;
  }

  #runStep<T>(step: () => T): T {
    this.#savepoint.run();
    try {
      const value = step();
      this.#release.run();
      return value;
    } catch (error) {
      if (this.#db.isTransaction) {
        this.#rollbackTo.run();
        this.#release.run();
      } else {
        // SQLite has rolled everything back by itself (disk full, I/O error).
        this.#rejectAll(error);
      }
      throw error;
    }
  }

  /** Commits what is open and settles its promises. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (!this.#db.isTransaction) return;
    try {
      this.#commit.run();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#rejectAll(error);
      return;
    }
    const committed = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of committed) resolve();
  }

  #rejectAll(error: unknown): void {
    const failed = this.#waiting;
    this.#waiting = [];
    for (const { reject } of failed) reject(toStoreError(error));
  }

  [Symbol.dispose](): void {
    this.flush();
  }
}
