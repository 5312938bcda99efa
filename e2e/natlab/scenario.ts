import type { Topology } from "./topology.ts";

export const PATHS = ["direct", "relayed", "stored"] as const;
export type Path = (typeof PATHS)[number];

/** What a scenario needs that is not everywhere. */
export type Need =
  /** The server answers STUN. */
  | "stun"
  /** The kernel can delay packets. */
  | "netem"
  /** Debian's TURN server is installed. */
  | "coturn"
  | "nginx";

export type Person = "ada" | "ben";

/** What happens while they talk, once that many messages were sent each way. */
export type Action = { readonly after: number } & (
  | { readonly cable: Person; readonly downMs: number }
  | { readonly server: "killed"; readonly downMs: number }
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
  /** A TURN server on the node `turn`, of which the server tells its members. */
  readonly turn?: "udp" | "tcp";
  /** nginx on the server's machine speaks TLS for it. */
  readonly proxy?: "nginx";
  readonly expected: Expectation;
  readonly actions?: readonly Action[];
  /** Between two messages of one person, ms. */
  readonly everyMs?: number;
  /** Characters of each message. */
  readonly textLength?: number;
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
  /** From being buddies to the open direct link; absent where there was none. */
  readonly directMs: number | undefined;
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
}

export interface Result {
  readonly scenario: string;
  readonly verdict: "passed" | "failed" | "skipped";
  /** Why it is not passed. */
  readonly reasons: readonly string[];
  readonly seconds: number;
  readonly observed?: Observation;
}
