import { defaultRendezvousConfig, type RendezvousConfig } from "../rendezvous-config.ts";
import { publicAddressOf } from "./public-address.ts";
import type { Settings } from "./settings.ts";

/** What the core is told of the settings. */
export function rendezvousConfigOf(settings: Settings, version: string): RendezvousConfig {
  return {
    ...defaultRendezvousConfig,
    serverName: settings.name,
    version,
    registration: settings.registration,
    mailboxBytes: settings["mailbox-quota"],
    mailboxEnvelopes: settings["mailbox-envelopes"],
    mailboxMaxAgeMs: settings["mailbox-max-age"],
    devicesPerAccount: settings["devices-per-account"],
    rosterEntries: settings["roster-entries"],
    allowedOrigins: [
      ...defaultRendezvousConfig.allowedOrigins,
      ...publicOrigin(settings),
      ...settings["allowed-origins"],
    ],
    trustProxy: settings["trust-proxy"],
    maxConnections: settings["max-connections"],
    sessionTtlMs: settings["session-max-age"],
    requestsPerSecond: settings["requests-per-second"],
    requestBurst: settings["request-burst"],
    relayBytesPerSecond: settings["relay-rate"],
    relayBurstBytes: settings["relay-burst"],
    signInAttempts: settings["sign-in-attempts"],
    signInAttemptsPerAddress: settings["sign-in-attempts-per-address"],
    registrationBurst: settings["registration-burst"],
    registrationsPerMinute: settings["registrations-per-minute"],
    connectionsPerAddress: settings["connections-per-address"],
    allowances: {
      announcements: settings["limit-announcements"],
      deviceStatements: settings["limit-device-list"],
      groupBytes: settings["limit-groups"],
      keyPackages: settings["limit-key-packages"],
      mailboxBytes: settings["limit-mailbox"],
      memberships: settings["limit-memberships"],
      reads: settings["limit-reads"],
      rosterRequests: settings["limit-roster"],
      signals: settings["limit-signals"],
    },
    keyPackagesPerDevice: settings["limit-single-use"],
    rosterRequestsPerAddress: settings["limit-roster-per-address"],
    unknownNames: settings["unknown-names"],
    unknownNamesPerAddress: settings["unknown-names-per-address"],
  };
}

/** Its own pages, also where a proxy does not pass on the name under which they were asked for. */
function publicOrigin(settings: Settings): readonly string[] {
  const { "public-address": address } = settings;
  if (address === undefined) return [];
  return [new URL(publicAddressOf(settings, settings.port)).origin];
}
