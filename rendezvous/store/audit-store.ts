/** One line of the audit log. Holds no secret and nothing about messages. */
export interface AuditEntry {
  /** ms since the Unix epoch. */
  readonly at: number;
  /** `administrator`, `server`, `nobody` (not signed in) or a user id. */
  readonly actor: string;
  /** From where, as the server saw it. */
  readonly address?: string;
  readonly action: string;
  /** Whom or what it was done to: a user name, a device id, the first letters of an invitation. */
  readonly subject?: string;
  readonly detail?: string;
}

/** As it is kept: later entries have larger numbers, and none is used twice. */
export interface AuditRecord extends AuditEntry {
  readonly seq: number;
}

export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
  /** Oldest first: those numbered over `after` that are of `since` (ms) or later. */
  list(options: { after: number; since: number; limit: number }): Promise<readonly AuditRecord[]>;
  /** Removes what is older than `before` (ms), and all but the newest `keep`; returns how many. */
  trim(before: number, keep: number): Promise<number>;
}
