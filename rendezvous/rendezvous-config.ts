import { limits, type RegistrationPolicy } from "../shared/protocol/index.ts";

/** What the server's core can be told. How it is read from files and flags is not its business. */
export interface RendezvousConfig {
  /** Shown to people before they sign in. */
  readonly serverName: string;
  readonly version: string;
  readonly registration: RegistrationPolicy;

  /** Per device. */
  readonly mailboxBytes: number;
  readonly mailboxEnvelopes: number;
  readonly mailboxMaxAgeMs: number;
  readonly devicesPerAccount: number;
  readonly rosterEntries: number;

  /**
   * Origins (RFC 6454 §6.2, e.g. `https://chat.example`) of web pages that may connect, beside the
   * server's own. Programs that are no browsers send no origin and always may.
   */
  readonly allowedOrigins: readonly string[];
  /** The address of a client is the last one of `X-Forwarded-For`: a reverse proxy stands before. */
  readonly trustProxy: boolean;

  readonly maxConnections: number;
  /** A session ends when it was not resumed for so long. */
  readonly sessionTtlMs: number;
  /** Argon2id (RFC 9106). The defaults are OWASP's for a server. */
  readonly argon2: Argon2Cost;

  /** Requests of one connection: refill rate and size of its token bucket. */
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  /** Bytes that one connection may have relayed: refill rate and size of its bucket. */
  readonly relayBytesPerSecond: number;
  readonly relayBurstBytes: number;
  /** Wrong credentials in a row, of one account from one address, before the delays begin. */
  readonly signInAttempts: number;
  /** Wrong credentials in a row from one address, whatever the account. Many may sit behind one. */
  readonly signInAttemptsPerAddress: number;
  /** New accounts from one address: at once, and per minute thereafter. */
  readonly registrationBurst: number;
  readonly registrationsPerMinute: number;
}

export interface Argon2Cost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

export const defaultRendezvousConfig: RendezvousConfig = {
  serverName: "Beeline",
  version: "0.1.0",
  registration: "open",
  mailboxBytes: limits.MAILBOX_QUOTA_BYTES,
  mailboxEnvelopes: limits.MAILBOX_QUOTA_ENVELOPES,
  mailboxMaxAgeMs: limits.MAILBOX_MAX_AGE_MS,
  devicesPerAccount: limits.MAX_DEVICES_PER_ACCOUNT,
  rosterEntries: limits.MAX_ROSTER_ENTRIES,
  // The desktop app's own pages.
  allowedOrigins: ["app://beeline"],
  trustProxy: false,
  maxConnections: 20_000,
  sessionTtlMs: 90 * 24 * 60 * 60 * 1000,
  argon2: { memoryKiB: 19_456, passes: 2, parallelism: 1 },
  // Opening links to 200 buddies at once takes some 2,000 signals.
  requestsPerSecond: 200,
  requestBurst: 4000,
  // A gigabit network stays usable for the others while one sends as much as it can.
  relayBytesPerSecond: 16 * 1024 * 1024,
  relayBurstBytes: 64 * 1024 * 1024,
  signInAttempts: 5,
  signInAttemptsPerAddress: 50,
  registrationBurst: 300,
  registrationsPerMinute: 30,
};
