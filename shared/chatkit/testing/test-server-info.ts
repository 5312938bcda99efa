import { PROTOCOL_MINOR, type ServerInfo } from "../../protocol/index.ts";

/** What a server of tests says of itself. @param now its wall clock, ms since 1970 */
export function testServerInfo(name: string, now: number): ServerInfo {
  return {
    name,
    version: "0.0.0",
    protocol: { major: 1, minor: PROTOCOL_MINOR },
    registration: "open",
    limits: {
      textLength: 10_000,
      envelopeBytes: 65_536,
      devicesPerAccount: 8,
      rosterEntries: 1000,
      mailboxBytes: 1_000_000,
      mailboxEnvelopes: 1000,
      mailboxMaxAgeMs: 86_400_000,
    },
    now,
  };
}
