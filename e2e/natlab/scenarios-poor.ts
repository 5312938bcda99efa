import { DIRECT, type Scenario } from "./scenario.ts";
import {
  lan,
  LAN_SERVER,
  LAN_SERVER_IPV6,
  NAMED_SERVER,
  slowSubnets,
  SUBNET_SERVER,
  twoSubnets,
} from "./sites.ts";

const LOSS = { rule: "lose", percent: 3 } as const;

/** Networks that are slow, lose packets, or are not what one expects of a network. */
export const POOR: readonly Scenario[] = [
  {
    name: "lossy",
    about: "3 % loss each way on Ben's way to everybody",
    topology: twoSubnets({ firewall: [LOSS] }),
    server: SUBNET_SERVER,
    expected: DIRECT,
  },
  {
    name: "slow-lossy",
    about: "the same with 300 ms of delay each way",
    topology: slowSubnets({ firewall: [LOSS], withServer: true }),
    server: SUBNET_SERVER,
    delayMs: 300,
    everyMs: 100,
    expected: DIRECT,
  },
  {
    name: "narrow",
    about: "1 Mbit/s each way to Ben, who sends and gets 4 KB at a time",
    topology: lan({ ben: { shape: { bitsPerSecond: 1_000_000 } } }),
    server: LAN_SERVER,
    textLength: 4_000,
    everyMs: 100,
    expected: DIRECT,
  },
  {
    name: "mtu-1280",
    about: "packets of 1280 bytes at most in Ben's subnet, and messages that need many",
    topology: twoSubnets({ benMtu: 1280 }),
    server: SUBNET_SERVER,
    textLength: 4_000,
    expected: DIRECT,
  },
  {
    name: "ipv6-only",
    about: "a LAN without IPv4",
    topology: lan({ ipv6: true }),
    server: LAN_SERVER_IPV6,
    expected: DIRECT,
  },
  {
    name: "broken-ipv6",
    about: "dual stack, and a router that loses IPv6 packets without a word",
    topology: twoSubnets({ firewall: [{ rule: "lose-ipv6" }] }),
    server: NAMED_SERVER,
    expected: DIRECT,
  },
];
