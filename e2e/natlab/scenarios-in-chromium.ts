import { DIRECT, RELAYED, type Scenario } from "./scenario.ts";
import { homes, INTERNET_SERVER_TLS, lan, LAN_SERVER_TLS } from "./sites.ts";

const BOTH = { ada: "chromium", ben: "chromium" } as const;

/**
 * The real app, as the server serves it: over https, without which a browser lends no cryptography.
 * Chromium tells no host address, but a `.local` name for it.
 */
export const IN_CHROMIUM: readonly Scenario[] = [
  {
    name: "chromium-lan",
    about: "the app in two Chromiums on one LAN without Internet",
    topology: lan({}),
    server: LAN_SERVER_TLS,
    needs: ["chromium"],
    clients: BOTH,
    expected: DIRECT,
  },
  {
    name: "chromium-node-lan",
    about: "the app in a Chromium, and a Node client, which knows no `.local` names",
    topology: lan({}),
    server: LAN_SERVER_TLS,
    needs: ["chromium"],
    clients: { ada: "chromium" },
    expected: DIRECT,
  },
  {
    name: "chromium-lan-no-stun",
    about: "the same without STUN: all that one Chromium tells the other are `.local` names",
    topology: lan({ gateway: true }),
    server: LAN_SERVER_TLS,
    needs: ["chromium"],
    withoutStun: true,
    clients: BOTH,
    expected: DIRECT,
  },
  {
    name: "chromium-lan-alone",
    about: "the same without a router too: Chromium finds no address of its own",
    topology: lan({}),
    server: LAN_SERVER_TLS,
    needs: ["chromium"],
    withoutStun: true,
    clients: BOTH,
    expected: RELAYED,
  },
  {
    name: "chromium-node-no-stun",
    about: "a Chromium and a Node client without STUN",
    topology: lan({}),
    server: LAN_SERVER_TLS,
    needs: ["chromium"],
    withoutStun: true,
    clients: { ada: "chromium" },
    expected: DIRECT,
  },
  {
    name: "chromium-two-cones",
    about: "the app in two Chromiums behind port-restricted cone NATs of their own",
    topology: homes([
      { people: ["ada"], nat: "cone" },
      { people: ["ben"], nat: "cone" },
    ]),
    server: INTERNET_SERVER_TLS,
    needs: ["chromium", "stun"],
    clients: BOTH,
    expected: DIRECT,
  },
  {
    name: "chromium-symmetric",
    about: "the app in two Chromiums behind symmetric NATs",
    topology: homes([
      { people: ["ada"], nat: "symmetric" },
      { people: ["ben"], nat: "symmetric" },
    ]),
    server: INTERNET_SERVER_TLS,
    needs: ["chromium", "stun"],
    clients: BOTH,
    expected: RELAYED,
  },
  {
    name: "chromium-udp-blocked",
    about: "the app in two Chromiums behind NATs, one of which lets no UDP pass",
    topology: homes([
      { people: ["ada"], nat: "cone", firewall: [{ rule: "no-udp" }] },
      { people: ["ben"], nat: "cone" },
    ]),
    server: INTERNET_SERVER_TLS,
    needs: ["chromium"],
    clients: BOTH,
    expected: RELAYED,
  },
];
