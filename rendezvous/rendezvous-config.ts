import { limits, type RegistrationPolicy } from "../shared/protocol/index.ts";
import type { Rate } from "./connection/token-bucket.ts";

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
  /** A device that did not come back for so long needs the password again. */
  readonly sessionTtlMs: number;

  /** Requests of one connection: refill rate and size of its token bucket. */
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  /** Bytes that one account may have relayed: refill rate and size of its bucket. */
  readonly relayBytesPerSecond: number;
  readonly relayBurstBytes: number;
  /** Wrong passwords in a row, of one account from one address, before the delays begin. */
  readonly signInAttempts: number;
  /** Wrong passwords in a row from one address, whatever the account. Many may sit behind one. */
  readonly signInAttemptsPerAddress: number;
  /** Wrong passwords for one account from all addresses that it never signed in from. */
  readonly signInAttemptsPerAccount: number;
  /** New accounts from one address: at once, and per minute thereafter. */
  readonly registrationBurst: number;
  readonly registrationsPerMinute: number;

  /** Connections from one address at once; not bounded for this machine's own (a proxy's). */
  readonly connectionsPerAddress: number;
  readonly allowances: Allowances;
  /** Single-use key packages of one device that one account may take. */
  readonly keyPackagesPerDevice: Rate;
  /** `roster.add` from one address, whoever asks. */
  readonly rosterRequestsPerAddress: Rate;
  /** Names that nobody has, asked for by one account, before the delays begin. */
  readonly unknownNames: number;
  /** The same from one address. */
  readonly unknownNamesPerAddress: number;
}

/** What one account may ask for over all its devices: saved up at most, and refilled per second. */
export interface Allowances {
  /** Changes that all buddies are told of: presence, addresses, names. */
  readonly announcements: Rate;
  /** Statements for its device list: each costs a millisecond of checking, and is kept for good. */
  readonly deviceStatements: Rate;
  /** Bytes of commits, GroupInfo and Welcomes. */
  readonly groupBytes: Rate;
  /** Published and taken. */
  readonly keyPackages: Rate;
  /** Bytes put into mailboxes. */
  readonly mailboxBytes: Rate;
  /** Statements of groups' membership logs: each is checked, kept, and told to all members. */
  readonly memberships: Rate;
  /** Long answers: pages of mailbox, groups, roster and device lists. */
  readonly reads: Rate;
  /** `roster.add`. */
  readonly rosterRequests: Rate;
  readonly signals: Rate;
}
export type AllowanceName = keyof Allowances;

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
  // Opening links to 200 buddies at once takes some 2,000 signals.
  requestsPerSecond: 200,
  requestBurst: 4000,
  // A gigabit network stays usable for the others while one sends as much as it can.
  relayBytesPerSecond: 16 * 1024 * 1024,
  relayBurstBytes: 64 * 1024 * 1024,
  signInAttempts: 5,
  signInAttemptsPerAddress: 50,
  signInAttemptsPerAccount: 100,
  registrationBurst: 300,
  registrationsPerMinute: 30,
  // A large office behind one address, each with two devices.
  connectionsPerAddress: 4000,
  allowances: {
    // A laptop that changes its network and wakes up all day long stays far below.
    announcements: { burst: 600, perSecond: 2 },
    // A restored server gets a lost end back at once; a stolen device fills no list within months.
    deviceStatements: { burst: 256, perSecond: 4 / 3600 },
    // A new device joins 1,000 conversations: some 24 MB.
    groupBytes: { burst: 256 * 1024 * 1024, perSecond: 1024 * 1024 },
    // 1,000 buddies with four devices each, all new.
    keyPackages: { burst: 8000, perSecond: 20 },
    // What one device's mailbox holds, four times over.
    mailboxBytes: { burst: 256 * 1024 * 1024, perSecond: 2 * 1024 * 1024 },
    // Somebody sets up the groups of a large office; nobody fills a group's log within hours.
    memberships: { burst: 2000, perSecond: 0.2 },
    // A new device with 1,000 buddies and a full mailbox reads some 3,000.
    reads: { burst: 20_000, perSecond: 100 },
    // Everybody of a large office on the first day.
    rosterRequests: { burst: 1000, perSecond: 0.2 },
    // Opening links to 200 buddies at once takes some 2,000.
    signals: { burst: 8000, perSecond: 200 },
  },
  keyPackagesPerDevice: { burst: 4, perSecond: 1 / 3600 },
  rosterRequestsPerAddress: { burst: 10_000, perSecond: 10 },
  unknownNames: 50,
  unknownNamesPerAddress: 1000,
};
