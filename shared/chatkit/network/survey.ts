import type { RoutePolicy } from "../../protocol/index.ts";
import type { NetworkSurvey } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { SURVEY_KEPT_MS, SURVEY_MS } from "../limits.ts";
import type { IceServer, LanState, Ports } from "../ports.ts";
import { gather, type Gathered } from "./gathering.ts";
import { Patience } from "./patience.ts";

/** How often it is looked whether announcements are heard meanwhile. */
const LOOK_AGAIN_MS = 250;

export interface SurveyorOptions {
  readonly connection: Pick<ServerConnection, "state" | "request">;
  readonly ports: Pick<Ports, "clock" | "log" | "peers" | "stun">;
  /** What links ask, too. */
  readonly iceServers: () => readonly IceServer[];
  /** How it stands with announcements on the local network; `none` where the host makes none. */
  readonly multicast: () => LanState | "none";
}

type Measured = Pick<NetworkSurvey, "server" | "udp" | "turn">;

/** What this end finds out about its own network: without an address, for it is told to buddies. */
export class Surveyor implements Disposable {
  readonly #options: SurveyorOptions;
  readonly #patience: Patience;
  #underWay: Promise<Measured> | undefined;
  /** By the monotonic clock. */
  #last: { readonly at: number; readonly measured: Measured } | undefined;

  constructor(options: SurveyorOptions) {
    this.#options = options;
    this.#patience = new Patience(options.ports.clock);
  }

  /**
   * Takes up to `SURVEY_MS`; who asks soon after another gets what was found then. Never rejects.
   * @param policy towards whoever it is for
   */
  async survey(policy: RoutePolicy): Promise<NetworkSurvey> {
    const measured = this.#recent ?? (await this.#measured());
    return { ...measured, multicast: this.#options.multicast(), policy };
  }

  close(): void {
    this.#patience.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What was found while the server was there, or away, as it is now. */
  get #recent(): Measured | undefined {
    const { connection, ports } = this.#options;
    if (this.#last === undefined) return undefined;
    const { at, measured } = this.#last;
    const isSame = (measured.server.state === "ok") === (connection.state.state === "online");
    return isSame && ports.clock.monotonic() - at < SURVEY_KEPT_MS ? measured : undefined;
  }

  #measured(): Promise<Measured> {
    this.#underWay ??= this.#measure().then((measured) => {
      this.#underWay = undefined;
      this.#last = { at: this.#options.ports.clock.monotonic(), measured };
      return measured;
    });
    return this.#underWay;
  }

  async #measure(): Promise<Measured> {
    const { connection, ports } = this.#options;
    const isOnline = connection.state.state === "online";
    const without = ports.peers === undefined ? "no-webrtc" : "none";
    const [server, ice] = await Promise.all([
      isOnline ? this.#server() : ({ state: "down" } as const),
      isOnline && ports.peers !== undefined ? this.#ice() : undefined,
      this.#multicastKnown(),
    ]);
    // STUN beside a server that is away tells nothing of the network's own.
    const isKnown = server.state === "ok" && ice !== undefined;
    return { server, ...(isKnown ? ice : { udp: without, turn: without }) };
  }

  /** A program that has just begun has not heard itself yet. */
  async #multicastKnown(): Promise<void> {
    const { clock } = this.#options.ports;
    const end = clock.monotonic() + SURVEY_MS;
    const never = new Promise<never>(() => {});
    while (this.#options.multicast() === "starting" && !this.#patience.over) {
      if (clock.monotonic() >= end) return;
      await this.#patience.within(LOOK_AGAIN_MS, never);
    }
  }

  async #server(): Promise<NetworkSurvey["server"]> {
    const { connection, ports } = this.#options;
    const { clock, log } = ports;
    const sentAt = clock.monotonic();
    try {
      const answer = connection.request("session.ping", {});
      if ((await this.#patience.within(SURVEY_MS, answer)) === undefined) return { state: "down" };
      return { state: "ok", roundTripMs: clock.monotonic() - sentAt };
    } catch (error) {
      log.debug("the server did not answer a ping", { error });
      return { state: "down" };
    }
  }

  /** STUN by the host's own socket where it has one; the rest by WebRTC, if anything is left to ask. */
  async #ice(): Promise<Pick<Measured, "udp" | "turn">> {
    const servers = this.#options.iceServers();
    const stun = servers.flatMap(({ urls }) => urls.flatMap(stunAddress));
    const turns = servers.filter(({ urls }) => urls.some((url) => /^turns?:/.test(url)));
    const { stun: probe } = this.#options.ports;
    const [answered, gathered] = await Promise.all([
      probe === undefined ? undefined : this.#probe(stun),
      probe === undefined || turns.length > 0
        ? this.#gather(probe === undefined ? servers : turns, {
            srflx: probe === undefined && stun.length > 0,
            relay: turns.length > 0,
          })
        : undefined,
    ]);
    if (gathered?.broken === true) return { udp: "no-webrtc", turn: "no-webrtc" };
    const leaves = answered ?? (gathered !== undefined && udpLeaves(gathered));
    return {
      udp: stun.length === 0 ? "none" : leaves ? "ok" : "blocked",
      turn: turns.length === 0 ? "none" : gathered?.relay === true ? "ok" : "failed",
    };
  }

  async #probe(servers: readonly StunAddress[]): Promise<boolean> {
    const { stun } = this.#options.ports;
    if (stun === undefined) return false;
    const asked = servers.map(async ({ host, port }) => {
      const answers = stun.answers(host, port, SURVEY_MS);
      return (await this.#patience.within(SURVEY_MS, answers)) === true;
    });
    return (await Promise.all(asked)).includes(true);
  }

  async #gather(
    servers: readonly IceServer[],
    wanted: { readonly srflx: boolean; readonly relay: boolean },
  ): Promise<Gathered | undefined> {
    const { peers } = this.#options.ports;
    if (peers === undefined || !(wanted.srflx || wanted.relay)) return undefined;
    const kinds = (["srflx", "relay"] as const).filter((kind) => wanted[kind]);
    const gathering = gather(peers, servers, kinds);
    try {
      await this.#patience.within(SURVEY_MS, gathering.done);
      return gathering.found();
    } finally {
      gathering.close();
    }
  }
}

/**
 * STUN shows an address. Where that is the socket's own, for no NAT is in between, some platforms do not
 * tell it again; but they go on asking for some 40 s where nobody answers. So whoever is done early got
 * answers. Where the own address is hidden, none is the same as it, and silence is silence.
 */
function udpLeaves({ host, srflx, complete }: Gathered): boolean {
  return srflx || (host && complete);
}

interface StunAddress {
  readonly host: string;
  readonly port: number;
}

/** RFC 7064 §3.1, as the engine itself writes it: always with a port. */
function stunAddress(url: string): readonly StunAddress[] {
  const [, host, port] = /^stun:\[?([^\]]+)\]?:(\d+)$/.exec(url) ?? [];
  return host === undefined ? [] : [{ host, port: Number(port) }];
}
