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

/** A timer that fires this much late tells of a machine that was held up, not of a silent peer. */
export const LATE_TIMER_MS = 200;

/** Messages in flight to one device; the rest wait in the outbox. */
export const MAX_IN_FLIGHT = 128;

/** Reconnecting to the server: full jitter between 0 and min(max, min × 2^attempt). */
export const RECONNECT_MIN_MS = 500;
export const RECONNECT_MAX_MS = 60_000;

/** Time to connect and sign in before an attempt counts as failed. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** Time for an answer to a request. */
export const REQUEST_TIMEOUT_MS = 15_000;

/** Requests for relay channels under way; further ones wait, for other requests need room too. */
export const MAX_OPENING_RELAYS = 32;

/** Requests that wait for their answers; half of what the server permits one connection. */
export const MAX_PENDING_REQUESTS = 128;

/** Requests behind them, not sent yet: relay channels to a full roster. Beyond it a call is refused. */
export const MAX_WAITING_REQUESTS = 2048;

/**
 * Messages of one sender device held back behind a gap, and for how long: the sender notices a loss
 * after `ACK_TIMEOUT_MAX_MS` at the latest, and what it sends again may be lost once more.
 */
export const MAX_HELD_BACK = 512;
export const HOLD_BACK_MS = 3 * ACK_TIMEOUT_MAX_MS;

/** Unsent messages of one account; beyond it `send` is refused. */
export const MAX_OUTBOX = 50_000;

/** A message not acknowledged after this is failed: the mailbox has dropped it by then too. */
export const OUTBOX_MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/** A clock further from the server's than this is told to the user. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Remembered ids of received messages, per conversation and sender, for dropping duplicates. */
export const MAX_SEEN_IDS = 4_096;

/** A sending key is replaced after so many messages or so long: what one stolen key opens. */
export const SEAL_KEY_MAX_MESSAGES = 10_000;
export const SEAL_KEY_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** Keys kept per conversation and sending device: those of a month, and a few spare. */
export const MAX_KEYS_PER_SENDER = 16;

/**
 * How far a conversation's time may run ahead of our clock because a member's clock does: further
 * than any clock is wrong by accident, and short of where times end on the wire.
 */
export const MAX_CLOCK_AHEAD_MS = 100 * 365 * 24 * 60 * 60 * 1000;

/** A device that answered by no link gets its messages by mailbox for so long, or until it speaks. */
export const UNREACHABLE_MS = 30_000;

/** Pause before a relay that was refused for too many requests is asked for again, at least. */
export const RELAY_PAUSE_MIN_MS = 250;

/**
 * A message that the mailbox has had for so long while its device is online is sent again: the
 * mailbox, or the receipt, was lost.
 */
export const STORED_RESEND_MS = 30_000;

/** Pause before a refused or failed `mailbox.put` is tried again; doubles up to the maximum. */
export const MAILBOX_RETRY_MIN_MS = 2_000;
export const MAILBOX_RETRY_MAX_MS = 5 * 60_000;

/** Receipts that wait for a way back to their sender, per device; the oldest go first. */
export const MAX_WAITING_RECEIPTS = 4_096;

/** Envelopes that wait to be opened; mailbox pages wait for room, a link's are dropped. */
export const MAX_INBOX_QUEUE = 4_096;

/** Devices remembered with their keys after they left the roster, for mail still on its way. */
export const MAX_FORMER_DEVICES = 2_048;

/** How often the outbox is searched for expired messages. */
export const EXPIRY_CHECK_MS = 60 * 60 * 1000;

/** Transmissions of one message over links before only the mailbox is tried. */
export const MAX_LINK_TRIES = 6;

/** The pause before stored messages are sent again doubles up to this. */
export const STORED_RESEND_MAX_MS = 60 * 60 * 1000;

/** What needs no commit of its own, such as "delivered", waits so long for one to join. */
export const LAZY_COMMIT_MS = 100;

/** Where the store failed, it is tried again after this, with so many of those writes at most. */
export const LAZY_RETRY_MS = 2_000;
export const MAX_LAZY_WRITES = 2_000;
