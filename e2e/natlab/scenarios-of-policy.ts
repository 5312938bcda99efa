import { DIRECT, RELAYED, type Scenario } from "./scenario.ts";
import { lan, LAN_SERVER, SUBNET_SERVER, twoSubnets } from "./sites.ts";

/** Where one of the two wants other ways than the best. */
export const POLICIES: readonly Scenario[] = [
  {
    name: "relay-only",
    about: "one LAN; Ada wants the server between them, and Ben knows nothing of it",
    topology: lan({}),
    server: LAN_SERVER,
    routes: { ada: "relay-only" },
    expected: { ...RELAYED, apart: true },
  },
  {
    name: "lan-only",
    about: "two subnets with a router between them; Ben wants their own network only",
    topology: twoSubnets(),
    server: SUBNET_SERVER,
    routes: { ben: "lan-only" },
    expected: { ...DIRECT, first: ["direct"], between: ["direct"] },
  },
];
