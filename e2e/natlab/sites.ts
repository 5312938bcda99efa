/** Building blocks of topologies. */
import type { LabNode, Nat, FirewallRule, Port, Topology } from "./topology.ts";

/** Where the lab's server listens, unless a scenario says otherwise. */
export const PORT = 8383;

/** A public address of the lab's Internet (RFC 5737). */
export const SERVER = "203.0.113.1";

type PortExtras = Pick<Port, "isolated" | "shape">;

/** Two people and the server on one LAN that has no way out. */
export function lan(extras: {
  readonly ada?: PortExtras;
  readonly ben?: PortExtras;
  readonly ipv6?: true;
  readonly mtu?: number;
}): Topology {
  const address = (host: number) =>
    extras.ipv6 === true ? `fd00:bee::${host}/64` : `192.168.1.${host}/24`;
  const host = (name: string, last: number, more: PortExtras = {}): LabNode => ({
    name,
    ports: [{ segment: "lan", addresses: [address(last)], ...more }],
  });
  return {
    segments: [{ name: "lan", ...(extras.mtu === undefined ? {} : { mtu: extras.mtu }) }],
    nodes: [host("server", 1), host("ada", 2, extras.ada), host("ben", 3, extras.ben)],
  };
}

/** Two subnets with a router between them; the server is in Ada's. */
export function twoSubnets(
  extras: { readonly benMtu?: number; readonly firewall?: readonly FirewallRule[] } = {},
): Topology {
  const { benMtu = 1500, firewall = [] } = extras;
  const host = (name: string, segment: string, subnet: number, last: number): LabNode => ({
    name,
    ports: [{ segment, addresses: [`10.0.${subnet}.${last}/24`] }],
    routes: [{ to: "default", via: `10.0.${subnet}.254` }],
  });
  return {
    segments: [{ name: "first" }, { name: "second", mtu: benMtu }],
    nodes: [
      host("server", "first", 1, 1),
      host("ada", "first", 1, 2),
      host("ben", "second", 2, 2),
      {
        name: "router",
        ports: [
          { segment: "first", addresses: ["10.0.1.254/24"] },
          { segment: "second", addresses: ["10.0.2.254/24"] },
        ],
        router: { firewall },
      },
    ],
  };
}

export interface Home {
  readonly people: readonly string[];
  readonly nat: Nat;
  readonly firewall?: readonly FirewallRule[];
  /** A Wi-Fi on which people do not hear each other. */
  readonly isolated?: true;
}

/** Homes behind routers of their own, a server on the Internet, and people beside it. */
export function homes(
  all: readonly Home[],
  extras: { readonly publicPeople?: readonly string[]; readonly shape?: Port["shape"] } = {},
): Topology {
  const { publicPeople = [], shape } = extras;
  const outside = (last: number): Port => ({
    segment: "internet",
    addresses: [`203.0.113.${last}/24`],
  });
  return {
    segments: [{ name: "internet" }, ...all.map((_, n) => ({ name: `home${n + 1}` }))],
    nodes: [
      { name: "server", ports: [outside(1)] },
      ...publicPeople.map((name, n) => ({ name, ports: [outside(100 + n)] })),
      ...all.flatMap((home, n) => homeNodes(home, n + 1, { ...outside(10 + n), ...shaped(shape) })),
    ],
  };
}

function shaped(shape: Port["shape"]): Pick<Port, "shape"> {
  return shape === undefined ? {} : { shape };
}

function homeNodes(home: Home, number: number, outside: Port): readonly LabNode[] {
  const { people, nat, firewall = [], isolated } = home;
  const segment = `home${number}`;
  const subnet = `192.168.${number}`;
  return [
    {
      name: `router${number}`,
      ports: [outside, { segment, addresses: [`${subnet}.1/24`] }],
      router: { outside: "internet", nat, firewall },
    },
    ...people.map((name, n) => ({
      name,
      ports: [
        {
          segment,
          addresses: [`${subnet}.${n + 2}/24`],
          ...(isolated === undefined ? {} : { isolated }),
        },
      ],
      routes: [{ to: "default", via: `${subnet}.1` }],
    })),
  ];
}
