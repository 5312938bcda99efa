import * as v from "valibot";
import { RegistrationPolicy } from "../../shared/protocol/index.ts";
import { defaultRendezvousConfig as defaults } from "../rendezvous-config.ts";
import { RateValue } from "./rate-value.ts";
import {
  Duration,
  oneOf,
  PublicAddress,
  Size,
  StunPort,
  TextList,
  TextValue,
  TurnTtl,
  TurnUris,
  wholeNumber,
  YesNo,
} from "./values.ts";

/**
 * Every setting of the server, by the one name that it has in the file (`mailbox-quota = "64MiB"`),
 * as a flag (`--mailbox-quota 64MiB`) and, in capitals, in the environment
 * (`BEELINE_MAILBOX_QUOTA`).
 */
export const Settings = v.pipe(
  v.strictObject({
    data: v.optional(TextValue, "data"),
    host: v.optional(TextValue, "::"),
    port: v.optional(wholeNumber(0, 65_535), 8383),
    name: v.optional(
      v.pipe(TextValue, v.maxLength(64, "64 characters at most")),
      defaults.serverName,
    ),
    registration: v.optional(oneOf(RegistrationPolicy.options), defaults.registration),
    "trust-proxy": v.optional(YesNo, false),
    "allowed-origins": v.optional(TextList, []),
    tls: v.optional(oneOf(["auto", "off"]), "auto"),
    "tls-cert": v.optional(TextValue),
    "tls-key": v.optional(TextValue),
    "public-address": v.optional(PublicAddress),
    announce: v.optional(YesNo, true),
    "stun-port": v.optional(StunPort),
    "stun-host": v.optional(TextValue),
    "turn-uris": v.optional(TurnUris, []),
    "turn-secret": v.optional(TextValue),
    "turn-secret-file": v.optional(TextValue),
    "turn-ttl": v.optional(TurnTtl, "12h"),
    "web-client": v.optional(YesNo, true),
    "devices-per-account": v.optional(wholeNumber(1, 64), defaults.devicesPerAccount),
    "roster-entries": v.optional(wholeNumber(1, 100_000), defaults.rosterEntries),
    "mailbox-quota": v.optional(Size, defaults.mailboxBytes),
    "mailbox-envelopes": v.optional(wholeNumber(1, 10_000_000), defaults.mailboxEnvelopes),
    "mailbox-max-age": v.optional(Duration, `${defaults.mailboxMaxAgeMs}ms`),
    "session-max-age": v.optional(Duration, `${defaults.sessionTtlMs}ms`),
    "max-connections": v.optional(wholeNumber(1, 1_000_000), defaults.maxConnections),
    "requests-per-second": v.optional(wholeNumber(1, 1_000_000), defaults.requestsPerSecond),
    "request-burst": v.optional(wholeNumber(1, 1_000_000), defaults.requestBurst),
    "relay-rate": v.optional(Size, defaults.relayBytesPerSecond),
    "relay-burst": v.optional(Size, defaults.relayBurstBytes),
    "sign-in-attempts": v.optional(wholeNumber(1, 1_000_000), defaults.signInAttempts),
    "sign-in-attempts-per-address": v.optional(
      wholeNumber(1, 1_000_000),
      defaults.signInAttemptsPerAddress,
    ),
    "registration-burst": v.optional(wholeNumber(1, 1_000_000), defaults.registrationBurst),
    "registrations-per-minute": v.optional(
      wholeNumber(1, 1_000_000),
      defaults.registrationsPerMinute,
    ),
    "connections-per-address": v.optional(
      wholeNumber(1, 1_000_000),
      defaults.connectionsPerAddress,
    ),
    "limit-announcements": v.optional(RateValue, defaults.allowances.announcements),
    "limit-device-list": v.optional(RateValue, defaults.allowances.deviceStatements),
    "limit-groups": v.optional(RateValue, defaults.allowances.groupBytes),
    "limit-key-packages": v.optional(RateValue, defaults.allowances.keyPackages),
    "limit-mailbox": v.optional(RateValue, defaults.allowances.mailboxBytes),
    "limit-memberships": v.optional(RateValue, defaults.allowances.memberships),
    "limit-reads": v.optional(RateValue, defaults.allowances.reads),
    "limit-roster": v.optional(RateValue, defaults.allowances.rosterRequests),
    "limit-signals": v.optional(RateValue, defaults.allowances.signals),
    "limit-single-use": v.optional(RateValue, defaults.keyPackagesPerDevice),
    "limit-roster-per-address": v.optional(RateValue, defaults.rosterRequestsPerAddress),
    "unknown-names": v.optional(wholeNumber(1, 1_000_000), defaults.unknownNames),
    "unknown-names-per-address": v.optional(
      wholeNumber(1, 1_000_000),
      defaults.unknownNamesPerAddress,
    ),
    "log-level": v.optional(oneOf(["debug", "info", "warn", "error"]), "info"),
    "log-format": v.optional(oneOf(["json", "pretty"]), "json"),
    metrics: v.optional(oneOf(["off", "loopback", "all"]), "loopback"),
    "metrics-token": v.optional(v.pipe(TextValue, v.minLength(16, "16 characters at least"))),
  }),
  v.check(
    (settings) => (settings["tls-cert"] === undefined) === (settings["tls-key"] === undefined),
    "tls-cert and tls-key belong together",
  ),
  v.check(
    (settings) => settings.tls === "auto" || settings["tls-cert"] === undefined,
    "tls is off although there is a certificate: leave out one of the two",
  ),
  v.check((settings) => {
    const secrets = [settings["turn-secret"], settings["turn-secret-file"]];
    const given = secrets.filter((secret) => secret !== undefined).length;
    return given === (settings["turn-uris"].length === 0 ? 0 : 1);
  }, "turn-uris and one of turn-secret and turn-secret-file belong together"),
);
export type Settings = v.InferOutput<typeof Settings>;
export type SettingName = keyof Settings;

interface SettingInfo {
  /** What `help` says of it. */
  readonly about: string;
  /** What stands for its value in `help`; a flag without one is a switch (`--x`, `--no-x`). */
  readonly value: string | undefined;
  /** Never printed, and no flag: other users of the machine can read the command line. */
  readonly secret?: true;
}

export const settingInfo: Readonly<Record<SettingName, SettingInfo>> = {
  data: { value: "FOLDER", about: "where everything is kept (default: data)" },
  host: { value: "ADDRESS", about: "address to listen on (default: every one)" },
  port: { value: "PORT", about: "port for HTTP and WebSocket; 0 takes any (default: 8383)" },
  name: { value: "NAME", about: "what people see the server called" },
  registration: { value: "POLICY", about: "who may register: open (default), invite or closed" },
  "trust-proxy": {
    value: undefined,
    about: "believe X-Forwarded-For; only behind a reverse proxy",
  },
  "allowed-origins": {
    value: "LIST",
    about: "web pages of other hosts that may connect, e.g. https://chat.example.org",
  },
  tls: {
    value: "auto|off",
    about: "auto (default): https, with a certificate of its own where none is given; off: http",
  },
  "tls-cert": { value: "FILE", about: "certificate chain (PEM) for https, with tls-key" },
  "tls-key": { value: "FILE", about: "private key (PEM)" },
  "public-address": {
    value: "ADDRESS",
    about: "where people reach the server, for invitation links (default: this machine's)",
  },
  announce: {
    value: undefined,
    about: "announce the server on the local network, for apps to find it (default: yes)",
  },
  "stun-port": {
    value: "PORT|off",
    about: "UDP port for STUN, by which clients find direct ways (default: as port)",
  },
  "stun-host": { value: "ADDRESS", about: "address to hear STUN on (default: as host)" },
  "turn-uris": {
    value: "LIST",
    about: "TURN servers (coturn) for who has no direct way, e.g. turn:turn.example.org:3478",
  },
  "turn-secret": {
    value: "SECRET",
    about: "coturn's static-auth-secret; environment or file only",
    secret: true,
  },
  "turn-secret-file": { value: "FILE", about: "the same, the first line of a file" },
  "turn-ttl": { value: "TIME", about: "how long TURN credentials are good (default: 12h)" },
  "web-client": { value: undefined, about: "serve the web client (default: yes)" },
  "devices-per-account": { value: "N", about: "devices of one account (default: 8)" },
  "roster-entries": { value: "N", about: "roster entries of one account (default: 1000)" },
  "mailbox-quota": { value: "SIZE", about: "bytes that wait for one device (default: 64MiB)" },
  "mailbox-envelopes": { value: "N", about: "messages that wait for one device (default: 20000)" },
  "mailbox-max-age": { value: "TIME", about: "how long they wait (default: 30d)" },
  "session-max-age": {
    value: "TIME",
    about: "absence after which one signs in anew (default: 90d)",
  },
  "max-connections": { value: "N", about: "connections at once (default: 20000)" },
  "requests-per-second": { value: "N", about: "of one connection, on average (default: 200)" },
  "request-burst": { value: "N", about: "of one connection, at once (default: 4000)" },
  "relay-rate": { value: "SIZE", about: "relayed for one account a second (default: 16MiB)" },
  "relay-burst": { value: "SIZE", about: "relayed for one account at once (default: 64MiB)" },
  "sign-in-attempts": {
    value: "N",
    about: "wrong passwords for one account from one address before delays (default: 5)",
  },
  "sign-in-attempts-per-address": {
    value: "N",
    about: "wrong passwords from one address before delays (default: 50)",
  },
  "registration-burst": {
    value: "N",
    about: "new accounts from one address, at once (default: 300)",
  },
  "registrations-per-minute": { value: "N", about: "and after that (default: 30)" },
  "connections-per-address": {
    value: "N",
    about: "connections from one address at once; many may sit behind one (default: 4000)",
  },
  "limit-announcements": {
    value: "LIMIT",
    about: "of one account: changes that all buddies are told of (default: 600+2/s)",
  },
  "limit-device-list": {
    value: "LIMIT",
    about: "of one account: statements for its device list (default: 256+4/h)",
  },
  "limit-groups": {
    value: "LIMIT",
    about: "of one account: bytes of group changes (default: 256MiB+1MiB/s)",
  },
  "limit-key-packages": {
    value: "LIMIT",
    about: "of one account: key packages published and taken (default: 8000+20/s)",
  },
  "limit-mailbox": {
    value: "LIMIT",
    about: "of one account: bytes put into mailboxes (default: 256MiB+2MiB/s)",
  },
  "limit-memberships": {
    value: "LIMIT",
    about:
      "of one account: changes of who is in its groups, and of their names (default: 2000+12/m)",
  },
  "limit-reads": {
    value: "LIMIT",
    about:
      "of one account: pages of mailbox, groups, roster and device lists (default: 20000+100/s)",
  },
  "limit-roster": {
    value: "LIMIT",
    about: "of one account: requests to be somebody's buddy (default: 1000+12/m)",
  },
  "limit-signals": {
    value: "LIMIT",
    about: "of one account: signals for direct links (default: 8000+200/s)",
  },
  "limit-single-use": {
    value: "LIMIT",
    about: "single-use key packages of one device for one account (default: 4+1/h)",
  },
  "limit-roster-per-address": {
    value: "LIMIT",
    about: "requests to be a buddy from one address (default: 10000+10/s)",
  },
  "unknown-names": {
    value: "N",
    about: "names that nobody has, asked for by one account before delays (default: 50)",
  },
  "unknown-names-per-address": { value: "N", about: "the same from one address (default: 1000)" },
  "log-level": { value: "LEVEL", about: "debug, info (default), warn or error" },
  "log-format": { value: "FORMAT", about: "json (default) or pretty" },
  metrics: { value: "WHERE", about: "who may read /metrics: off, loopback (default) or all" },
  "metrics-token": {
    value: "TOKEN",
    about: "bearer token that /metrics asks for; environment or file only",
    secret: true,
  },
};

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingInfo, name);
}

export const settingNames: readonly SettingName[] = Object.keys(settingInfo).filter(isSettingName);

export function environmentName(name: SettingName): string {
  return `BEELINE_${name.replaceAll("-", "_").toUpperCase()}`;
}

/** The settings as they may be printed. */
export function printable(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        name,
        isSettingName(name) && settingInfo[name].secret === true ? "•••" : value,
      ]),
  );
}
