import * as v from "valibot";

/**
 * Every error that crosses the wire: its JSON-RPC code (JSON-RPC 2.0 §5.1; the application's own
 * begin at 1000) and whether the same request may succeed later, unchanged.
 */
export const errorTable = {
  "parse-error": { code: -32700, retryable: false },
  "invalid-request": { code: -32600, retryable: false },
  "unknown-method": { code: -32601, retryable: false },
  "invalid-params": { code: -32602, retryable: false },
  internal: { code: -32603, retryable: true },

  "not-signed-in": { code: 1000, retryable: false },
  "already-signed-in": { code: 1001, retryable: false },
  "wrong-credential": { code: 1002, retryable: false },
  "account-disabled": { code: 1003, retryable: false },
  "session-ended": { code: 1004, retryable: false },
  "user-name-taken": { code: 1005, retryable: false },
  "registration-closed": { code: 1006, retryable: false },
  "invite-required": { code: 1007, retryable: false },
  "invite-invalid": { code: 1008, retryable: false },
  "too-many-devices": { code: 1009, retryable: false },
  /** The device did not prove its key, or it is another account's. */
  "wrong-device-key": { code: 1010, retryable: false },
  /** A statement that does not continue the account's device list: read the list, then try again. */
  "device-list-conflict": { code: 1011, retryable: true },

  "no-such-user": { code: 1100, retryable: false },
  "roster-full": { code: 1101, retryable: false },
  "not-buddies": { code: 1102, retryable: false },
  "no-such-entry": { code: 1103, retryable: false },

  "no-such-device": { code: 1200, retryable: false },
  "peer-offline": { code: 1201, retryable: true },
  "too-many-channels": { code: 1202, retryable: true },
  "no-such-channel": { code: 1203, retryable: false },

  "mailbox-full": { code: 1300, retryable: true },
  "too-large": { code: 1301, retryable: false },

  "no-such-group": { code: 1500, retryable: false },
  "group-exists": { code: 1501, retryable: false },
  /** Another commit ended that epoch: apply it, then try again. */
  "epoch-taken": { code: 1502, retryable: true },

  /** Also for whoever is not in it, and may not know of it. */
  "no-such-conversation": { code: 1600, retryable: false },
  "conversation-exists": { code: 1601, retryable: false },
  /** A statement that does not continue the group's log: read the log, then try again. */
  "membership-conflict": { code: 1602, retryable: true },
  /** Not one's own to do: somebody else's message, one that is too old, or a group's that others lead. */
  "not-permitted": { code: 1603, retryable: false },
  /** The account is in as many groups as it may be, or the group has as many statements. */
  "too-many-groups": { code: 1604, retryable: false },
  /** No such link, or it has expired, or this account was removed from the group. */
  "group-link-invalid": { code: 1605, retryable: false },

  "rate-limited": { code: 1400, retryable: true },
  "too-many-requests": { code: 1401, retryable: true },
  unavailable: { code: 1402, retryable: true },
} as const satisfies Record<string, { code: number; retryable: boolean }>;

export type ErrorName = keyof typeof errorTable;

const byCode = new Map<number, ErrorName>();
for (const name of Object.keys(errorTable)) {
  if (isErrorName(name)) byCode.set(errorTable[name].code, name);
}

export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(errorTable, name);
}

/** The name of a JSON-RPC code; an unknown one (a newer server's) reads as `internal`. */
export function errorNameOf(code: number): ErrorName {
  return byCode.get(code) ?? "internal";
}

export interface ProtocolErrorOptions extends ErrorOptions {
  /** Earliest time at which a retry makes sense, in ms from now. */
  readonly retryAfterMs?: number;
}

/** An error with a wire code. Told apart by `errorName`, never by its text. */
export class ProtocolError extends Error {
  readonly errorName: ErrorName;
  readonly retryAfterMs: number | undefined;

  constructor(errorName: ErrorName, message: string, options: ProtocolErrorOptions = {}) {
    super(message, options);
    this.name = "ProtocolError";
    this.errorName = errorName;
    this.retryAfterMs = options.retryAfterMs;
  }

  get code(): number {
    return errorTable[this.errorName].code;
  }

  get retryable(): boolean {
    return errorTable[this.errorName].retryable;
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      ...(this.retryAfterMs === undefined ? {} : { data: { retryAfterMs: this.retryAfterMs } }),
    };
  }

  static fromWire(error: WireError): ProtocolError {
    const retryAfterMs = error.data?.retryAfterMs;
    return new ProtocolError(
      errorNameOf(error.code),
      error.message,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );
  }
}

/** The `error` member of a JSON-RPC response (JSON-RPC 2.0 §5.1). */
export const WireError = v.object({
  code: v.pipe(v.number(), v.integer()),
  message: v.string(),
  data: v.exactOptional(
    v.object({ retryAfterMs: v.exactOptional(v.pipe(v.number(), v.minValue(0))) }),
  ),
});
export type WireError = v.InferOutput<typeof WireError>;
