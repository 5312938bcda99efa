import type { Bus } from "./bus/bus.ts";
import type { Clock } from "./clock.ts";
import type { Services } from "./handlers.ts";
import type { IceOffer } from "./ice/ice-offer.ts";
import type { Metrics } from "./metrics.ts";
import type { RendezvousConfig } from "./rendezvous-config.ts";
import { AccountService } from "./services/account-service.ts";
import type { Background } from "./services/background.ts";
import { BuddyLists } from "./services/buddy-lists.ts";
import { ConversationService } from "./services/conversation-service.ts";
import { DeviceListService } from "./services/device-list-service.ts";
import { DeviceLists } from "./services/device-lists.ts";
import { GroupService } from "./services/group-service.ts";
import { KeyPackageService } from "./services/key-package-service.ts";
import { MailboxService } from "./services/mailbox-service.ts";
import { MembershipService } from "./services/membership-service.ts";
import { Memberships } from "./services/memberships.ts";
import { PasswordService } from "./services/password-service.ts";
import { NameProbes } from "./services/name-probes.ts";
import { PresenceService } from "./services/presence-service.ts";
import { Reach } from "./services/reach.ts";
import { RelayService } from "./services/relay-service.ts";
import { RosterEntries } from "./services/roster-entries.ts";
import { RosterService } from "./services/roster-service.ts";
import { SessionService } from "./services/session-service.ts";
import { SignInService } from "./services/sign-in-service.ts";
import { SignallingService } from "./services/signalling-service.ts";
import { DeviceProofs } from "./sign-in/device-proof.ts";
import { OpaqueServer } from "./sign-in/opaque-server.ts";
import { PasswordCheck } from "./sign-in/password-check.ts";
import { RegistrationThrottle } from "./sign-in/registration-throttle.ts";
import { RateLimiter } from "./connection/rate-limiter.ts";
import { SignInThrottle } from "./sign-in/sign-in-throttle.ts";
import type { Store } from "./store/store.ts";

export interface ServicesOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly config: RendezvousConfig;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly ice: IceOffer;
  readonly background: Background;
}

/** Makes the services and gives each what it needs. */
export function createServices(options: ServicesOptions): Services {
  const { store, bus, config, clock, metrics, ice, background } = options;
  const buddies = new BuddyLists(store.roster, bus);
  const entries = new RosterEntries(store.roster, bus);
  const reach = new Reach({ store, bus, buddies });
  const memberships = new Memberships(store.conversations, bus);
  const throttle = new SignInThrottle({
    clock,
    attempts: config.signInAttempts,
    attemptsPerAddress: config.signInAttemptsPerAddress,
    attemptsPerAccount: config.signInAttemptsPerAccount,
  });
  const opaque = new OpaqueServer(store.secrets);
  const passwords = new PasswordCheck(opaque, throttle);
  const proofs = new DeviceProofs(clock);
  const registrations = new RegistrationThrottle({
    clock,
    burst: config.registrationBurst,
    perMinute: config.registrationsPerMinute,
  });
  const lists = new DeviceLists(store.deviceLogs);
  const presence = new PresenceService({
    accounts: store.accounts,
    bus,
    buddies,
    background,
    clock,
    metrics,
  });
  const probes = new NameProbes({
    clock,
    unknownNames: config.unknownNames,
    unknownNamesPerAddress: config.unknownNamesPerAddress,
    requestsPerAddress: config.rosterRequestsPerAddress,
  });
  const { rosterEntries: maxEntries } = config;
  const roster = new RosterService({ store, bus, entries, probes, maxEntries });
  const accounts = new AccountService({ store, bus, roster, presence });
  const sessions = new SessionService({
    store,
    bus,
    buddies,
    entries,
    presence,
    accounts,
    proofs,
    throttle,
    config,
    clock,
    metrics,
    ice,
  });
  const deviceLists = new DeviceListService({ store, bus, accounts, lists });
  const signIns = new SignInService({
    store,
    sessions,
    lists,
    opaque,
    passwords,
    proofs,
    registrations,
    config,
    clock,
  });
  const passwordChanges = new PasswordService({
    store,
    bus,
    lists,
    deviceLists,
    opaque,
    passwords,
    clock,
  });
  const keyPackages = new KeyPackageService({
    keyPackages: store.keyPackages,
    conversations: store.conversations,
    reach,
    bus,
    singleUse: new RateLimiter(clock, config.keyPackagesPerDevice),
  });
  const groups = new GroupService({ groups: store.groups, memberships, reach, bus, clock });
  const { conversations: logs } = store;
  const membership = new MembershipService({ conversations: logs, memberships, reach, bus, clock });
  const conversations = new ConversationService({ conversations: logs, memberships, clock });
  const mailbox = new MailboxService({
    mailbox: store.mailbox,
    memberships,
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
    rate: { bytesPerSecond: config.relayBytesPerSecond, burstBytes: config.relayBurstBytes },
  });
  const signalling = new SignallingService(reach);
  return {
    accounts,
    conversations,
    deviceLists,
    groups,
    keyPackages,
    mailbox,
    membership,
    passwords: passwordChanges,
    presence,
    relay,
    roster,
    sessions,
    signIns,
    signalling,
  };
}
