/** Building blocks of topologies. */
import { ANY_PORTS } from "./router-rules.ts";
import type { LabNode, Nat, FirewallRule, Port, Topology } from "./topology.ts";

/** The server's own. */
export const PORT = 8383;

/** A public address of the lab's Internet (RFC 5737). */
export const SERVER = "203.0.113.1";

/**
 * The rest of the Internet: takes packets, and answers none. Without a way there, coturn would close
 * the allocation of whoever names it a private address as a candidate.
 */
const ELSEWHERE = "203.0.113.254";
const TO_ELSEWHERE = [{ to: "default", via: ELSEWHERE }];

/** A TURN server beside it. */
export const TURN = "203.0.113.2";

/** The server, as clients of each site call it. */
export const INTERNET_SERVER = `http://${SERVER}:${PORT}`;
export const LAN_SERVER = `http://192.168.1.1:${PORT}`;
export const LAN_SERVER_TLS = `https://192.168.1.1:${PORT}`;
export const INTERNET_SERVER_TLS = `https://${SERVER}:${PORT}`;
export const LAN_SERVER_IPV6 = `http://[fd00:bee::1]:${PORT}`;
export const SUBNET_SERVER = `http://10.0.1.1:${PORT}`;
const NAME = "beeline.test";
export const NAMED_SERVER = `http://${NAME}:${PORT}`;

type PortExtras = Pick<Port, "isolated" | "shape">;

/** Two people and the server on one LAN that has no way out. */
export function lan(extras: {
  readonly ada?: PortExtras;
  readonly ben?: PortExtras;
  readonly ipv6?: true;
  readonly mtu?: number;
  /** There is a router, as in most homes; nothing answers behind it. */
  readonly gateway?: true;
}): Topology {
  const address = (host: number) =>
    extras.ipv6 === true ? `fd00:bee::${host}/64` : `192.168.1.${host}/24`;
  const host = (name: string, last: number, more: PortExtras = {}): LabNode => ({
    name,
    ports: [{ segment: "lan", addresses: [address(last)], ...more }],
    ...(extras.gateway === undefined ? {} : { routes: [{ to: "default", via: "192.168.1.254" }] }),
  });
  return {
    segments: [{ name: "lan", ...(extras.mtu === undefined ? {} : { mtu: extras.mtu }) }],
    nodes: [host("server", 1), host("ada", 2, extras.ada), host("ben", 3, extras.ben)],
    hosts: [{ name: NAME, address: address(1).replace(/\/\d+$/, "") }],
  };
}

/**
 * Two subnets with a router between them, with IPv4 and IPv6 both; the server is in Ada's. Its name
 * has an address of each.
 */
export function twoSubnets(
  extras: { readonly benMtu?: number; readonly firewall?: readonly FirewallRule[] } = {},
): Topology {
  const { benMtu = 1500, firewall = [] } = extras;
  return {
    segments: [{ name: "subnet1" }, { name: "subnet2", mtu: benMtu }],
    nodes: [
      subnetHost("server", 1, 1),
      subnetHost("ada", 1, 2),
      subnetHost("ben", 2, 2),
      { ...subnetRouter((subnet) => subnetAddresses(subnet, 254)), router: { firewall } },
    ],
    hosts: ["fd00:1::1", "10.0.1.1"].map((address) => ({ name: NAME, address })),
  };
}

/** The same with IPv4 alone, where a program on the router hands on what Ada and Ben say. */
export function slowSubnets(
  extras: { readonly withServer?: true; readonly firewall?: readonly FirewallRule[] } = {},
): Topology {
  const { withServer, firewall = [] } = extras;
  const handover = {
    between: ["10.0.1.2", "10.0.2.2"],
    ...(withServer === undefined ? {} : { tcpPort: PORT }),
  } as const;
  const host = (name: string, subnet: number, last: number): LabNode => ({
    name,
    ports: [{ segment: `subnet${subnet}`, addresses: [`10.0.${subnet}.${last}/24`] }],
    routes: [{ to: "default", via: `10.0.${subnet}.254` }],
    anyPorts: ANY_PORTS,
  });
  return {
    segments: [{ name: "subnet1" }, { name: "subnet2" }],
    nodes: [
      host("server", 1, 1),
      host("ada", 1, 2),
      host("ben", 2, 2),
      {
        ...subnetRouter((subnet) => [`10.0.${subnet}.254/24`]),
        router: { firewall, handover },
      },
    ],
  };
}

function subnetAddresses(subnet: number, host: number): readonly string[] {
  return [`10.0.${subnet}.${host}/24`, `fd00:${subnet}::${host}/64`];
}

function subnetHost(name: string, subnet: number, last: number): LabNode {
  return {
    name,
    ports: [{ segment: `subnet${subnet}`, addresses: subnetAddresses(subnet, last) }],
    routes: [
      { to: "default", via: `10.0.${subnet}.254` },
      { to: "default", via: `fd00:${subnet}::254` },
    ],
  };
}

function subnetRouter(addresses: (subnet: number) => readonly string[]): LabNode {
  const ports = [1, 2].map((subnet) => ({
    segment: `subnet${subnet}`,
    addresses: addresses(subnet),
  }));
  return { name: "router", ports };
}

export interface Home {
  readonly people: readonly string[];
  readonly nat: Nat;
  readonly firewall?: readonly FirewallRule[];
  /** A Wi-Fi on which people do not hear each other. */
  readonly isolated?: true;
}

/** Homes behind routers of their own, a server on the Internet, and people and TURN beside it. */
export function homes(
  all: readonly Home[],
  extras: { readonly publicPeople?: readonly string[]; readonly turn?: true } = {},
): Topology {
  const { publicPeople = [], turn } = extras;
  const outside = (last: number): Port => ({
    segment: "internet",
    addresses: [`203.0.113.${last}/24`],
  });
  return {
    segments: [{ name: "internet" }, ...all.map((_, n) => ({ name: `home${n + 1}` }))],
    nodes: [
      { name: "elsewhere", ports: [outside(254)] },
      { name: "server", ports: [outside(1)], routes: TO_ELSEWHERE },
      ...(turn === undefined ? [] : [{ name: "turn", ports: [outside(2)], routes: TO_ELSEWHERE }]),
      ...publicPeople.map((name, n) => ({
        name,
        ports: [outside(100 + n)],
        routes: TO_ELSEWHERE,
      })),
      ...all.flatMap((home, n) => homeNodes(home, n + 1, outside(10 + n))),
    ],
  };
}

function homeNodes(home: Home, number: number, outside: Port): readonly LabNode[] {
  const { people, nat, firewall = [], isolated } = home;
  const segment = `home${number}`;
  const subnet = `192.168.${number}`;
  return [
    {
      name: `router${number}`,
      ports: [outside, { segment, addresses: [`${subnet}.1/24`] }],
      routes: TO_ELSEWHERE,
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
