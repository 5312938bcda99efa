import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import * as v from "valibot";
import {
  ConversationId,
  DeviceId,
  MessageId,
  RosterState,
  Show,
  UserId,
} from "../../shared/protocol/index.ts";
import type { GroupCommit } from "./group-commit.ts";
import { StoreError } from "./store.ts";

/** What the parts of the SQLite store share. */
export interface SqliteContext {
  readonly db: DatabaseSync;
  readonly commits: GroupCommit;
  /** Runs a step that only reads, now. @throws StoreError */
  readonly read: <T>(step: () => T) => Promise<T>;
}

export type Row = Record<string, SQLOutputValue>;

/** A prepared statement, written once where its part of the store is made. */
export interface Query {
  one(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  each(...values: SQLInputValue[]): IterableIterator<Row>;
  /** How many rows it changed. */
  run(...values: SQLInputValue[]): number;
}

export function prepare(db: DatabaseSync, sql: string): Query {
  const statement = db.prepare(sql);
  return {
    one: (...values) => statement.get(...values),
    all: (...values) => statement.all(...values),
    each: (...values) => statement.iterate(...values),
    run: (...values) => Number(statement.run(...values).changes),
  };
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw unexpected(column);
  return value;
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw unexpected(column);
  return value;
}

export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column);
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw unexpected(column);
  return value;
}

function parsed<S extends v.GenericSchema>(row: Row, column: string, schema: S): v.InferOutput<S> {
  const result = v.safeParse(schema, row[column]);
  if (!result.success) throw unexpected(column);
  return result.output;
}

export const userIdOf = (row: Row, column: string): UserId => parsed(row, column, UserId);
export const deviceIdOf = (row: Row, column: string): DeviceId => parsed(row, column, DeviceId);
export const messageIdOf = (row: Row, column: string): MessageId => parsed(row, column, MessageId);
export const conversationIdOf = (row: Row, column: string): ConversationId =>
  parsed(row, column, ConversationId);
export const showOf = (row: Row, column: string): Show => parsed(row, column, Show);
export const rosterStateOf = (row: Row, column: string): RosterState =>
  parsed(row, column, RosterState);

function unexpected(column: string): StoreError {
  return new StoreError("damaged", `The database has a value it cannot have in "${column}".`);
}
