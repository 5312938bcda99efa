/** Bounds and intervals of the engine, each with its reason. Times in ms. */

/** Direct links kept open ahead of need. A Chromium renderer takes 500 peer connections at most. */
export const MAX_DIRECT_LINKS = 64;

/** Direct links being opened at one time, so that 64 buddies do not start at once. */
export const MAX_OPENING_LINKS = 6;

/** A message waits this long for a direct link that is being opened, then goes by relay. */
export const DIRECT_GRACE_MS = 300;

/** A direct attempt that has not opened by then will mostly not open (FINDINGS): give it up. */
export const DIRECT_OPEN_TIMEOUT_MS = 8_000;

/** Pause before the next attempt after a failed one; doubles up to the maximum, with jitter. */
export const DIRECT_RETRY_MIN_MS = 5_000;
export const DIRECT_RETRY_MAX_MS = 5 * 60_000;

/** Acknowledgement time-out: three times the measured round trip, within these bounds. */
export const ACK_TIMEOUT_MIN_MS = 1_000;
export const ACK_TIMEOUT_MAX_MS = 5_000;

/** Messages in flight to one device; the rest wait in the outbox. */
export const MAX_IN_FLIGHT = 128;

/** Reconnecting to the server: full jitter between 0 and min(max, min × 2^attempt). */
export const RECONNECT_MIN_MS = 500;
export const RECONNECT_MAX_MS = 60_000;

/** Time to connect and sign in before an attempt counts as failed. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** Time for an answer to a request. */
export const REQUEST_TIMEOUT_MS = 15_000;

/** Requests that may wait for their answers; beyond it a call is refused. */
export const MAX_PENDING_REQUESTS = 128;

/** Messages of one sender device held back behind a gap, and for how long. */
export const MAX_HELD_BACK = 512;
export const HOLD_BACK_MS = 5_000;

/** Receipts are collected for this long, so that a burst is acknowledged by one. */
export const RECEIPT_DELAY_MS = 0;

/** Unsent messages of one account; beyond it `send` is refused. */
export const MAX_OUTBOX = 50_000;

/** A message not acknowledged after this is failed: the mailbox has dropped it by then too. */
export const OUTBOX_MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/** A clock further from the server's than this is told to the user. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Remembered ids of received messages, per conversation and sender, for dropping duplicates. */
export const MAX_SEEN_IDS = 4_096;
