import { DIRECT, RELAYED, type Scenario } from "./scenario.ts";
import { IN_CHROMIUM } from "./scenarios-in-chromium.ts";
import { CHANGES } from "./scenarios-of-change.ts";
import { POLICIES } from "./scenarios-of-policy.ts";
import { POOR } from "./scenarios-poor.ts";
import {
  homes,
  INTERNET_SERVER,
  lan,
  LAN_SERVER,
  SERVER,
  SUBNET_SERVER,
  twoSubnets,
} from "./sites.ts";

const HTTPS_PORT = 443;

const WEB_ONLY = { rule: "only-tcp", to: SERVER, port: HTTPS_PORT } as const;
const ADA_AT_HOME = { people: ["ada"], nat: "cone" } as const;
const BEN_AT_HOME = { people: ["ben"], nat: "cone" } as const;

const BOTH_AT_HOME = { people: ["ada", "ben"], nat: "cone" } as const;
const BOTH_ISOLATED = { people: ["ada", "ben"], isolated: true } as const;

/** Where a direct link is possible in quiet networks, and where it is not. */
const REACHABLE: readonly Scenario[] = [
  {
    name: "lan",
    about: "one LAN without Internet and without STUN",
    topology: lan({}),
    server: LAN_SERVER,
    expected: DIRECT,
  },
  {
    name: "two-subnets",
    about: "two subnets with a router between them",
    topology: twoSubnets(),
    server: SUBNET_SERVER,
    expected: DIRECT,
  },
  {
    name: "web-only",
    about: "both behind firewalls that let nothing pass but TCP 443 to the server",
    topology: homes([
      { ...ADA_AT_HOME, firewall: [WEB_ONLY] },
      { ...BEN_AT_HOME, firewall: [WEB_ONLY] },
    ]),
    server: `http://${SERVER}:${HTTPS_PORT}`,
    expected: RELAYED,
  },
  {
    name: "udp-blocked",
    about: "both behind NATs, one of which lets no UDP pass",
    topology: homes([{ ...ADA_AT_HOME, firewall: [{ rule: "no-udp" }] }, BEN_AT_HOME]),
    server: INTERNET_SERVER,
    expected: RELAYED,
  },
  {
    name: "client-isolation",
    about: "a Wi-Fi on which clients do not hear each other",
    topology: lan({ ada: { isolated: true }, ben: { isolated: true } }),
    server: LAN_SERVER,
    expected: RELAYED,
  },
  {
    name: "one-nat",
    about: "Ada behind a port-restricted cone NAT, Ben on the Internet",
    topology: homes([ADA_AT_HOME], { publicPeople: ["ben"] }),
    server: INTERNET_SERVER,
    expected: DIRECT,
  },
  {
    name: "two-cones",
    about: "both behind port-restricted cone NATs of their own",
    topology: homes([ADA_AT_HOME, BEN_AT_HOME]),
    server: INTERNET_SERVER,
    needs: ["stun"],
    expected: DIRECT,
  },
  {
    name: "same-nat",
    about: "both behind the same NAT, which has no hairpin",
    topology: homes([BOTH_AT_HOME]),
    server: INTERNET_SERVER,
    expected: DIRECT,
  },
  {
    name: "same-nat-isolated",
    about: "the same on a Wi-Fi that isolates them: without hairpin there is no way",
    topology: homes([{ ...BOTH_ISOLATED, nat: "cone" }]),
    server: INTERNET_SERVER,
    expected: RELAYED,
  },
  {
    name: "hairpin",
    about: "the same with hairpin: the NAT's outer address leads back in",
    topology: homes([{ ...BOTH_ISOLATED, nat: "full-cone" }]),
    server: INTERNET_SERVER,
    needs: ["stun"],
    expected: DIRECT,
  },
  {
    name: "symmetric-cone",
    about: "a symmetric NAT and a port-restricted cone NAT",
    topology: homes([{ people: ["ada"], nat: "symmetric" }, BEN_AT_HOME]),
    server: INTERNET_SERVER,
    needs: ["stun"],
    expected: RELAYED,
  },
  {
    name: "symmetric-full-cone",
    about: "a symmetric NAT and a full cone NAT",
    topology: homes([
      { people: ["ada"], nat: "symmetric" },
      { people: ["ben"], nat: "full-cone" },
    ]),
    server: INTERNET_SERVER,
    needs: ["stun"],
    expected: DIRECT,
  },
  {
    name: "two-symmetric",
    about: "both behind symmetric NATs",
    topology: homes([
      { people: ["ada"], nat: "symmetric" },
      { people: ["ben"], nat: "symmetric" },
    ]),
    server: INTERNET_SERVER,
    needs: ["stun"],
    expected: RELAYED,
  },
  {
    name: "turn-udp",
    about: "both behind symmetric NATs, and a TURN server; direct means by it",
    topology: homes(
      [
        { people: ["ada"], nat: "symmetric" },
        { people: ["ben"], nat: "symmetric" },
      ],
      { turn: true },
    ),
    server: INTERNET_SERVER,
    needs: ["coturn"],
    turn: "udp",
    expected: DIRECT,
  },
  {
    name: "turn-tcp",
    about: "the same where no UDP passes, by TURN over TCP",
    topology: homes(
      [
        { ...ADA_AT_HOME, firewall: [{ rule: "no-udp" }] },
        { ...BEN_AT_HOME, firewall: [{ rule: "no-udp" }] },
      ],
      { turn: true },
    ),
    server: INTERNET_SERVER,
    needs: ["coturn"],
    turn: "tcp",
    expected: DIRECT,
  },
  {
    name: "nginx-tls",
    about: "the server behind nginx with TLS, both behind port-restricted cone NATs",
    topology: homes([ADA_AT_HOME, BEN_AT_HOME]),
    server: `https://${SERVER}`,
    needs: ["nginx"],
    proxy: "nginx",
    expected: DIRECT,
  },
];

export const SCENARIOS: readonly Scenario[] = [
  ...REACHABLE,
  ...POOR,
  ...CHANGES,
  ...POLICIES,
  ...IN_CHROMIUM,
];
