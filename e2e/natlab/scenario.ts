import type { RoutePolicy } from "../../shared/protocol/index.ts";
import type { ClientPair } from "../client-wire.ts";
import type { Topology } from "./topology.ts";

export const PATHS = ["direct", "relayed", "stored"] as const;
export type Path = (typeof PATHS)[number];

/** What a scenario needs that is not everywhere. */
export type Need =
  /** The server answers STUN. */
  | "stun"
  /** Debian's TURN server is installed. */
  | "coturn"
  | "nginx"
  /** Chromium is installed, and the web client is built. */
  | "chromium";

export type Person = "ada" | "ben";
export const PEOPLE: readonly Person[] = ["ada", "ben"];

/** The engine in a Node process, or the real app in a Chromium, served by the server over https. */
export type ClientKind = "node" | "chromium";

/** What happens while they talk, once that many messages were sent each way. */
export type Action = { readonly after: number } & (
  | { readonly cable: Person; readonly downMs: number }
  /** What the two send each other is lost without a word; the server hears both. */
  | { readonly direct: "silent"; readonly downMs: number }
  /** What the two send each other takes so long one way; by the topology's delaying router. */
  | { readonly direct: "slow"; readonly delayMs: number; readonly forMs: number }
  | { readonly server: "killed"; readonly downMs: number }
  /** It is gone for good, and both clients are started again. */
  | { readonly server: "gone" }
  /** It gets another address, and its name with it. */
  | { readonly server: "moves"; readonly to: string; readonly prefixLength: number }
  /** Another lease: with prefix lengths. */
  | { readonly readdress: Person; readonly to: readonly string[] }
);

export interface Expectation {
  /** Paths that the first message may take: it does not wait until a direct link is open. */
  readonly first: readonly Path[];
  /** The path of the last one, sent when the link, if there can be one, has had time to open. */
  readonly hundredth: Path;
  /** Paths that those between may take; all unless given. */
  readonly between?: readonly Path[];
  /** A path that some of those between have to take. */
  readonly also?: Path;
  /** Until the slowest message's receipt, ms; no bound unless given. */
  readonly worstMs?: number;
  /** Not one packet may go from one to the other by itself. */
  readonly apart?: true;
}

export const DIRECT: Expectation = { first: ["direct", "relayed"], hundredth: "direct" };
export const RELAYED: Expectation = { first: ["relayed"], hundredth: "relayed" };

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly topology: Topology;
  /** As clients call it. */
  readonly server: string;
  readonly needs?: readonly Need[];
  /** The server answers no STUN. */
  readonly withoutStun?: true;
  /** A TURN server on the node `turn`, of which the server tells its members. */
  readonly turn?: "udp" | "tcp";
  /** nginx on the server's machine speaks TLS for it. */
  readonly proxy?: "nginx";
  /** Node where not given. */
  readonly clients?: Partial<Readonly<Record<Person, ClientKind>>>;
  /** By what ways they may talk, set before the first message. */
  readonly routes?: Partial<Readonly<Record<Person, RoutePolicy>>>;
  /** The node `router` hands on by a program what the two send each other, this late. */
  readonly delayMs?: number;
  readonly expected: Expectation;
  readonly actions?: readonly Action[];
  /** Between two messages of one person, ms. */
  readonly everyMs?: number;
  /** Characters of each message. */
  readonly textLength?: number;
}

export interface Slowest {
  readonly from: Person;
  /** From 1 on. */
  readonly number: number;
  readonly ms: number;
  readonly path: Path;
}

/** What both ends saw; of paths, each that was taken in one of the two directions. */
export interface Observation {
  readonly first: readonly Path[];
  readonly hundredth: readonly Path[];
  /** How many messages took which path, of all but the first ones. */
  readonly paths: Readonly<Record<Path, number>>;
  /** From `send` to the recipient's receipt, the slower of the two directions. */
  readonly firstMs: number | undefined;
  /** The same of the message that took longest. */
  readonly worstMs: number | undefined;
  /** Which one that was. */
  readonly slowest?: Slowest;
  /** From being buddies to the open direct link; absent where there was none. */
  readonly directMs: number | undefined;
  /** What the direct link goes by at the end, as Ada's side sees it; absent where there is none. */
  readonly pair?: ClientPair;
  /** Packets that came from the other, where they were counted. */
  readonly packets?: number;
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
}

export function clientOf({ clients }: Scenario, person: Person): ClientKind {
  return clients?.[person] ?? "node";
}

export interface Result {
  readonly scenario: string;
  /** What Ada and Ben run; one word where it is the same. */
  readonly client: string;
  readonly verdict: "passed" | "failed" | "skipped";
  /** Why it is not passed. */
  readonly reasons: readonly string[];
  readonly seconds: number;
  readonly observed?: Observation;
}
