import { CONNECT_TIMEOUT_MS, RECONNECT_MAX_MS } from "../../shared/chatkit/limits.ts";
import { DIRECT, RELAYED, type Scenario } from "./scenario.ts";
import { lan, LAN_SERVER, NAMED_SERVER, slowSubnets, SUBNET_SERVER } from "./sites.ts";

const SECONDS = 1_000;
const AT = 20;

/** A lost link is noticed within 3 s; the relay then takes over on a machine that may be busy. */
const NOTICED_MS = 5 * SECONDS;

/** Once a way is there again, also one that was lost with the server, all goes on. */
const RECOVERED_MS = 10 * SECONDS;

/** After a longer time the pauses between attempts to reach the server have grown to their most. */
const RECOVERED_LATE_MS = RECONNECT_MAX_MS + CONNECT_TIMEOUT_MS;

/** Of what happens in mid-conversation. The messages go on meanwhile, and for as long again. */
export const CHANGES: readonly Scenario[] = [
  {
    name: "link-down-5s",
    about: "Ben's cable is out for 5 s",
    topology: lan({}),
    server: LAN_SERVER,
    everyMs: 120,
    actions: [{ after: AT, cable: "ben", downMs: 5 * SECONDS }],
    expected: { ...DIRECT, worstMs: 5 * SECONDS + RECOVERED_MS },
  },
  {
    name: "link-down-30s",
    about: "Ben's cable is out for 30 s",
    topology: lan({}),
    server: LAN_SERVER,
    everyMs: 600,
    actions: [{ after: AT, cable: "ben", downMs: 30 * SECONDS }],
    expected: { ...DIRECT, worstMs: 30 * SECONDS + RECOVERED_LATE_MS },
  },
  {
    name: "link-down-120s",
    about: "Ben's cable is out for 120 s",
    topology: lan({}),
    server: LAN_SERVER,
    everyMs: 1_500,
    actions: [{ after: AT, cable: "ben", downMs: 120 * SECONDS }],
    expected: { ...DIRECT, worstMs: 120 * SECONDS + RECOVERED_LATE_MS },
  },
  {
    name: "silent-link",
    about:
      "what Ada and Ben send each other is lost for 15 s; no cable is out, the server hears both",
    topology: lan({}),
    server: LAN_SERVER,
    everyMs: 250,
    actions: [{ after: AT, direct: "silent", downMs: 15 * SECONDS }],
    expected: { ...DIRECT, also: "relayed", worstMs: NOTICED_MS },
  },
  {
    name: "slow-direct",
    about: "the direct way takes 400 ms each way for 30 s, the way by the server does not",
    topology: slowSubnets(),
    server: SUBNET_SERVER,
    delayMs: 5,
    everyMs: 700,
    actions: [{ after: AT, direct: "slow", delayMs: 400, forMs: 30 * SECONDS }],
    expected: { ...DIRECT, also: "relayed" },
  },
  {
    name: "address-change",
    about: "Ben's machine gets another address",
    topology: lan({}),
    server: LAN_SERVER,
    everyMs: 120,
    actions: [{ after: AT, readdress: "ben", to: ["192.168.1.33/24"] }],
    expected: { ...DIRECT, worstMs: RECOVERED_MS },
  },
  {
    name: "server-down",
    about: "the server is killed and comes back after 5 s; the direct link goes on",
    topology: lan({}),
    server: LAN_SERVER,
    everyMs: 120,
    actions: [{ after: AT, server: "killed", downMs: 5 * SECONDS }],
    expected: { ...DIRECT, between: ["direct"] },
  },
  {
    name: "server-gone",
    about:
      "the server is gone for good, and both are started again: they find each other on the LAN",
    topology: lan({}),
    server: LAN_SERVER,
    actions: [{ after: 50, server: "gone" }],
    expected: { ...DIRECT, between: ["direct"] },
  },
  {
    name: "server-down-relayed",
    about: "the same where everything goes by the server",
    topology: lan({ ada: { isolated: true }, ben: { isolated: true } }),
    server: LAN_SERVER,
    everyMs: 120,
    actions: [{ after: AT, server: "killed", downMs: 5 * SECONDS }],
    expected: { ...RELAYED, worstMs: 5 * SECONDS + RECOVERED_LATE_MS },
  },
  {
    name: "server-moves",
    about: "the server gets another address, and its name with it; everything goes by the server",
    topology: lan({ ada: { isolated: true }, ben: { isolated: true } }),
    server: NAMED_SERVER,
    everyMs: 120,
    actions: [{ after: AT, server: "moves", to: "192.168.1.99", prefixLength: 24 }],
    expected: { ...RELAYED, worstMs: RECOVERED_MS },
  },
];
