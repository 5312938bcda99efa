/** Bounds of what this machine does on its local network, each with its reason. Times in ms. */
import type { BucketRate } from "../../shared/chatkit/links/token-bucket.ts";

export { MAX_LAN_TEXT_BYTES } from "../../shared/chatkit/limits.ts";

/** Interfaces that are used, the first ones; a machine full of containers has a hundred. */
export const MAX_INTERFACES = 8;

/** How soon an interface that comes or goes is noticed. */
export const LOOK_MS = 5_000;

/**
 * Longer packets are dropped: ours fit into one Ethernet frame, and the work to read one grows with
 * the square of its records.
 */
export const MAX_PACKET_BYTES = 1_500;

/**
 * Packets with more questions, or more records, are dropped: each question is answered by itself, and
 * takes 30 µs. Programs ask some at a time; an office's printer says some dozens of things of itself.
 */
export const MAX_QUESTIONS = 16;
export const MAX_RECORDS = 128;

/** Packets read, per interface: an office in which somebody asks, and everybody answers. */
export const PACKETS_IN: BucketRate = { burst: 400, perMs: 0.2 };

/** Packets sent, per interface: each reaches everybody there, and anybody can ask for it. */
export const PACKETS_OUT: BucketRate = { burst: 20, perMs: 0.01 };

/**
 * How often who is there is asked for anew. Everybody hears all answers: where many are, each asks
 * the more seldom, so that answers per second do not grow with their number's square.
 */
export const ASK_MS = 60_000;
export const FOUND_PER_ASK = 10;
export const MAX_ASK_MS = 20 * ASK_MS;

/** Who did not answer for so many asks has left without a word. */
export const MISSED_ASKS = 2.5;

/** One's own announcement comes back within this, or not at all. */
export const ECHO_MS = 5_000;

/** Announcements remembered: in all, from one sending address, and of one device or server. */
export const MAX_FOUND = 1_024;
export const MAX_FOUND_PER_SOURCE = 128;
export const MAX_FOUND_PER_DEVICE = 4;

/** Addresses tried for one announcement. */
export const MAX_ADDRESSES = 8;

/** Servers shown to a person. */
export const MAX_SERVERS = 64;

/** Connections that bring a text: all of an interface, and those from one address. */
export const MAX_CONNECTIONS = 32;
export const MAX_CONNECTIONS_PER_SOURCE = 4;

/** A connection brings its text within this, or is ended. */
export const TEXT_DEADLINE_MS = 3_000;

/** Texts taken from one address: two attempts at once with all their candidates. */
export const TEXTS_IN: BucketRate = { burst: 64, perMs: 0.016 };

/**
 * Texts taken from all of an interface: one machine may have all addresses of its network. Each is
 * read, and opened, by the program that shows the messages.
 */
export const ALL_TEXTS_IN: BucketRate = { burst: 256, perMs: 0.1 };

/** Addresses whose rate is remembered; the ones heard of longest ago are forgotten. */
export const MAX_SOURCES = 256;

/** To connect and hand a text over; then the next address is tried. */
export const SEND_TIMEOUT_MS = 2_000;
