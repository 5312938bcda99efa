/** What a network of the lab is made of; `build-commands.ts` makes it real. */

/** A cable or a Wi-Fi: everything on it hears everything else, as by a switch. */
export interface Segment {
  readonly name: string;
  /** Bytes of an IP packet; 1500 unless given. */
  readonly mtu?: number;
}

export interface Port {
  readonly segment: string;
  /** With prefix length, e.g. `192.168.1.2/24`, `fd00:1::2/64`. */
  readonly addresses: readonly string[];
  /** Hears and reaches only ports of its segment that are not isolated, as on a guest Wi-Fi. */
  readonly isolated?: true;
  /** Of what leaves the node by this port, and of what comes in by it. */
  readonly shape?: Shape;
}

export interface Shape {
  readonly bitsPerSecond: number;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface Route {
  /** `default` or a network. */
  readonly to: string;
  readonly via: string;
}

/**
 * How a router translates addresses from inside to its outer port's.
 *
 * `cone`: keeps the port where it can, and lets in only whom the inside has written to: "endpoint
 * independent mapping, address and port dependent filtering" (RFC 4787 §4.1, §5).
 * `full-cone`: the same mapping, and lets in everybody that writes to it, from the inside as well
 * (hairpin, RFC 4787 §6).
 * `symmetric`: another port for every destination ("address and port dependent mapping").
 */
export type Nat = "cone" | "full-cone" | "symmetric";

export type FirewallRule =
  /** Drops UDP. */
  | { readonly rule: "no-udp" }
  /** Lets TCP to that address and port pass, and what answers it; drops all else. */
  | { readonly rule: "only-tcp"; readonly to: string; readonly port: number }
  /** Takes IPv6 packets and loses them. */
  | { readonly rule: "lose-ipv6" }
  /** Loses so many of a hundred packets. */
  | { readonly rule: "lose"; readonly percent: number };

/**
 * What a router does not pass on but hands to a program on it, which delays it (`slow-way.ts`): UDP
 * of two hosts to each other, and TCP to a port. The two see each other's addresses all the same.
 */
export interface Handover {
  /** Without prefix lengths. */
  readonly between: readonly [string, string];
  readonly tcpPort?: number;
}

export interface Router {
  /** The segment that is outside. Nothing comes in from there that was not asked for. */
  readonly outside?: string;
  readonly nat?: Nat;
  readonly firewall?: readonly FirewallRule[];
  readonly handover?: Handover;
}

export interface LabNode {
  readonly name: string;
  readonly ports: readonly Port[];
  readonly routes?: readonly Route[];
  /** Ports that programs get that ask for any; the kernel's own range unless given. */
  readonly anyPorts?: PortRange;
  /** Absent: passes on nothing that is not for it. */
  readonly router?: Router;
}

export interface Topology {
  readonly segments: readonly Segment[];
  readonly nodes: readonly LabNode[];
  /** Addresses by which every node knows a host's name. */
  readonly hosts?: readonly { readonly name: string; readonly address: string }[];
}
