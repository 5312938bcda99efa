import { limits, PROTOCOL_MINOR, type ServerInfo } from "../../shared/protocol/index.ts";
import type { RendezvousConfig } from "../rendezvous-config.ts";

export function serverInfo(config: RendezvousConfig, now: number): ServerInfo {
  return {
    name: config.serverName,
    version: config.version,
    protocol: { major: 1, minor: PROTOCOL_MINOR },
    registration: config.registration,
    limits: {
      textLength: limits.MAX_TEXT_LENGTH,
      envelopeBytes: limits.MAX_ENVELOPE_BYTES,
      devicesPerAccount: config.devicesPerAccount,
      rosterEntries: config.rosterEntries,
      mailboxBytes: config.mailboxBytes,
      mailboxEnvelopes: config.mailboxEnvelopes,
      mailboxMaxAgeMs: config.mailboxMaxAgeMs,
    },
    now,
  };
}
