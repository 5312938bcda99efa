import { ProtocolError, type DeviceId, type UserId } from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { ChatKitError, type Examination, type NetworkSurvey } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import type { Directory } from "../delivery/directory.ts";
import { EXAMINATION_MS, MAX_EXAMINED } from "../limits.ts";
import { LinkError, type Link, type LinkPeer } from "../link.ts";
import type { LinkControls, LinkPeers, LinkService } from "../links/link-service.ts";
import type { Ports } from "../ports.ts";
import type { RouteBook } from "../routes/route-book.ts";
import { findingsOf } from "./findings.ts";
import { Patience } from "./patience.ts";
import { Questions } from "./questions.ts";
import { Reporter } from "./reporter.ts";
import { SealedTalk } from "./sealed-talk.ts";
import type { Surveyor } from "./survey.ts";

export interface ExaminerOptions {
  readonly ports: Pick<Ports, "clock" | "random" | "log" | "peers">;
  readonly identity: IdentityKeys;
  /** This device's id, once it is known. */
  readonly deviceId: () => DeviceId | undefined;
  readonly connection: Pick<ServerConnection, "state">;
  readonly directory: Pick<Directory, "self" | "devicesOf" | "isOnline"> & LinkPeers;
  readonly links: LinkControls &
    Pick<LinkService, "rule" | "relay" | "whyNoDirect" | "status" | "onDirectOpen" | "onStatus">;
  readonly routes: Pick<RouteBook, "of">;
  readonly surveyor: Surveyor;
  /** An examination began or ended: `examines` says another thing. */
  readonly onUnderWay?: () => void;
}

/**
 * The connection doctor: looks at the own network, asks the other device to look at its, and tries
 * both ways between them. Asked by a buddy's device, it tells what it finds here.
 */
export class Examiner implements Disposable {
  readonly #options: ExaminerOptions;
  readonly #patience: Patience;
  readonly #talk: SealedTalk;
  readonly #questions: Questions;
  readonly #underWay = new Map<UserId, Promise<readonly Examination[]>>();

  constructor(options: ExaminerOptions) {
    this.#options = options;
    const { deviceId, directory: peers, identity, links, ports, routes, surveyor } = options;
    this.#patience = new Patience(ports.clock);
    const talk = new SealedTalk({
      ports,
      identity,
      deviceId,
      peers,
      links,
      onMessage: (link, message) => {
        if (message.type === "report") this.#questions.answered(link, message);
        else void reporter.answer(link, message.id);
      },
    });
    const reporter = new Reporter({ ports, links, routes, surveyor, talk });
    this.#talk = talk;
    this.#questions = new Questions({ ports, patience: this.#patience, talk });
  }

  /** Sends a ping over each open link to that person's devices. */
  async measure(userId: UserId): Promise<void> {
    const { directory, links } = this.#options;
    const open = directory
      .devicesOf(userId)
      .flatMap(({ deviceId }) => [...links.openLinks(deviceId)]);
    await Promise.all(open.map((link) => this.#ping(link, EXAMINATION_MS)));
  }

  /**
   * One examination for each of the person's devices that are there, or one of this end alone. A
   * second call while one is under way is answered with it. @throws ChatKitError closed
   */
  examine(userId: UserId): Promise<readonly Examination[]> {
    const known = this.#underWay.get(userId);
    if (known !== undefined) return known;
    const examined = this.#examine(userId).finally(() => {
      this.#underWay.delete(userId);
      this.#options.onUnderWay?.();
    });
    this.#underWay.set(userId, examined);
    this.#options.onUnderWay?.();
    return examined;
  }

  /** Is an examination with that person under way? */
  examines(userId: UserId): boolean {
    return this.#underWay.has(userId);
  }

  close(): void {
    this.#patience.close();
    this.#talk.close();
    this.#options.surveyor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #examine(userId: UserId): Promise<readonly Examination[]> {
    const { directory, routes, surveyor } = this.#options;
    const devices = directory.devicesOf(userId);
    const own = surveyor.survey(routes.of(userId).own);
    const present = devices.filter((peer) => this.#isPresent(peer)).slice(0, MAX_EXAMINED);
    const examinations =
      present.length === 0
        ? [this.#alone(userId, devices[0]?.deviceId ?? directory.self.deviceId, await own)]
        : await Promise.all(present.map((peer) => this.#between(peer, own)));
    if (this.#patience.over) throw new ChatKitError("closed", "ChatKit was closed.");
    return examinations;
  }

  /** Without the server only who is linked, or on the local network, is known to be there. */
  #isPresent({ deviceId }: LinkPeer): boolean {
    const { connection, directory, links } = this.#options;
    if (connection.state.state === "online" && directory.isOnline(deviceId)) return true;
    const status = links.status().find((one) => one.deviceId === deviceId);
    return status !== undefined && (status.near || status.direct === "open");
  }

  #alone(userId: UserId, deviceId: DeviceId, own: NetworkSurvey): Examination {
    const { links, routes } = this.#options;
    const rule = links.rule({ userId, deviceId });
    const direct = !rule.direct ? "forbidden" : own.udp === "no-webrtc" ? own.udp : "failed";
    const seen = {
      own,
      direct: { state: direct },
      relay: { state: rule.relay ? "failed" : "forbidden" },
    } as const;
    const theirPolicy = routes.of(userId).theirs;
    return {
      userId,
      deviceId,
      ...seen,
      findings: findingsOf({ ...seen, present: false, theirPolicy }),
    };
  }

  async #between(peer: LinkPeer, surveyed: Promise<NetworkSurvey>): Promise<Examination> {
    const { clock } = this.#options.ports;
    const end = clock.monotonic() + EXAMINATION_MS;
    const leftMs = (): number => end - clock.monotonic();
    const way = (): Link | undefined => this.#options.links.openLinks(peer.deviceId)[0];
    const [own, theirs, direct, relay] = await Promise.all([
      surveyed,
      this.#questions.ask(peer, way, leftMs),
      this.#direct(peer, leftMs),
      this.#relay(peer, leftMs),
    ]);
    const seen = { own, ...(theirs === undefined ? {} : { theirs }), direct, relay };
    const theirPolicy = this.#options.routes.of(peer.userId).theirs;
    return { ...peer, ...seen, findings: findingsOf({ ...seen, present: true, theirPolicy }) };
  }

  async #relay(peer: LinkPeer, leftMs: () => number): Promise<Examination["relay"]> {
    const { links, ports } = this.#options;
    try {
      const link = links.rule(peer).relay
        ? await this.#patience.within(leftMs(), links.relay(peer))
        : undefined;
      const roundTripMs = link && (await this.#ping(link, leftMs()));
      if (roundTripMs !== undefined) return { state: "ok", roundTripMs };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      ports.log.debug("no relay to examine", { to: peer.deviceId, error });
    }
    // The other end may have told its policy meanwhile.
    return { state: links.rule(peer).relay ? "failed" : "forbidden" };
  }

  async #direct(peer: LinkPeer, leftMs: () => number): Promise<Examination["direct"]> {
    const { links, ports } = this.#options;
    if (!links.rule(peer).direct) return { state: "forbidden" };
    if (ports.peers === undefined) return { state: "no-webrtc" };
    const link = await this.#directLink(peer.deviceId, leftMs());
    const roundTripMs = link && (await this.#ping(link, leftMs()));
    if (roundTripMs === undefined) {
      const why = links.whyNoDirect(peer.deviceId);
      const isForbidden = why === "own-policy" || why === "peer-policy";
      return { state: isForbidden ? "forbidden" : "failed" };
    }
    const pair = links.status().find(({ deviceId }) => deviceId === peer.deviceId)?.pair;
    return { state: "ok", roundTripMs, ...(pair === undefined ? {} : { pair }) };
  }

  /** The one that is open or being opened, else a new attempt; undefined when that has failed. */
  async #directLink(device: DeviceId, ms: number): Promise<Link | undefined> {
    const { links } = this.#options;
    const open = links.openLinks(device).find(({ kind }) => kind === "direct");
    if (open !== undefined) return open;
    const ended = Promise.withResolvers<Link | undefined>();
    let begun = links.status().some((one) => one.deviceId === device && one.direct === "opening");
    const subscriptions = [
      links.onDirectOpen((link) => {
        if (link.peer.deviceId === device) ended.resolve(link);
      }),
      links.onStatus(({ deviceId, direct }) => {
        if (deviceId !== device) return;
        if (direct === "opening") begun = true;
        else if (begun && direct !== "open") ended.resolve(undefined);
      }),
    ];
    try {
      links.tryDirect(device);
      return await this.#patience.within(ms, ended.promise);
    } finally {
      for (const unsubscribe of subscriptions) unsubscribe();
    }
  }

  /** Undefined where nothing comes back. */
  async #ping(link: Link, ms: number): Promise<number | undefined> {
    try {
      return await this.#patience.within(ms, this.#options.links.ping(link));
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#options.ports.log.debug("a ping had no answer", { over: link.kind, error });
      return undefined;
    }
  }
}

/** The server said no, or is not there; anything else is a bug. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof LinkError || error instanceof ProtocolError || error instanceof ChatKitError
  );
}
