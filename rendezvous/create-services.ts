import type { Bus } from "./bus/bus.ts";
import type { Clock } from "./clock.ts";
import type { Services } from "./handlers.ts";
import type { Metrics } from "./metrics.ts";
import type { RendezvousConfig } from "./rendezvous-config.ts";
import { AccountService } from "./services/account-service.ts";
import type { Background } from "./services/background.ts";
import { BuddyLists } from "./services/buddy-lists.ts";
import { MailboxService } from "./services/mailbox-service.ts";
import { PresenceService } from "./services/presence-service.ts";
import { Reach } from "./services/reach.ts";
import { RelayService } from "./services/relay-service.ts";
import { RosterEntries } from "./services/roster-entries.ts";
import { RosterService } from "./services/roster-service.ts";
import { SessionService } from "./services/session-service.ts";
import { SignallingService } from "./services/signalling-service.ts";
import { createArgon2Verifier } from "./sign-in/argon2-verifier.ts";
import { CredentialGuard } from "./sign-in/credential-guard.ts";
import { RegistrationThrottle } from "./sign-in/registration-throttle.ts";
import { SignInThrottle } from "./sign-in/sign-in-throttle.ts";
import type { Store } from "./store/store.ts";

export interface ServicesOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly config: RendezvousConfig;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly background: Background;
}

/** Makes the services and gives each what it needs. */
export function createServices(options: ServicesOptions): Services {
  const { store, bus, config, clock, metrics, background } = options;
  const buddies = new BuddyLists(store.roster, bus);
  const entries = new RosterEntries(store.roster, bus);
  const reach = new Reach({ store, bus, buddies });
  const throttle = new SignInThrottle({
    clock,
    attempts: config.signInAttempts,
    attemptsPerAddress: config.signInAttemptsPerAddress,
  });
  const credentials = new CredentialGuard(createArgon2Verifier(config.argon2), throttle);
  const registrations = new RegistrationThrottle({
    clock,
    burst: config.registrationBurst,
    perMinute: config.registrationsPerMinute,
  });
  const presence = new PresenceService({
    accounts: store.accounts,
    bus,
    buddies,
    background,
    clock,
    metrics,
  });
  const roster = new RosterService({ store, bus, entries, maxEntries: config.rosterEntries });
  const accounts = new AccountService({
    store,
    bus,
    roster,
    presence,
    credentials,
    config,
    clock,
  });
  const sessions = new SessionService({
    store,
    bus,
    buddies,
    entries,
    presence,
    accounts,
    credentials,
    registrations,
    config,
    clock,
    metrics,
  });
  const mailbox = new MailboxService({
    mailbox: store.mailbox,
    reach,
    bus,
    clock,
    metrics,
    quota: { bytes: config.mailboxBytes, envelopes: config.mailboxEnvelopes },
    maxAgeMs: config.mailboxMaxAgeMs,
  });
  const relay = new RelayService({
    reach,
    bus,
    clock,
    metrics,
    bytesPerSecond: config.relayBytesPerSecond,
    burstBytes: config.relayBurstBytes,
  });
  const signalling = new SignallingService(reach);
  return { accounts, mailbox, presence, relay, roster, sessions, signalling };
}
