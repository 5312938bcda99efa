import type { DeviceId } from "../../protocol/index.ts";
import { MAX_REPORTS_NOTED, REPORT_EVERY_MS } from "../limits.ts";
import { LinkError, type Link, type LinkPeer } from "../link.ts";
import type { LinkControls } from "../links/link-service.ts";
import type { Ports } from "../ports.ts";
import type { RouteBook } from "../routes/route-book.ts";
import type { SealedTalk } from "./sealed-talk.ts";
import type { Surveyor } from "./survey.ts";

export interface ReporterOptions {
  readonly ports: Pick<Ports, "clock" | "log">;
  readonly links: Pick<LinkControls, "openLinks">;
  readonly routes: Pick<RouteBook, "of">;
  readonly surveyor: Pick<Surveyor, "survey">;
  readonly talk: Pick<SealedTalk, "send">;
}

/** Tells buddies' devices, and one's own, what this end finds out about its network (SPEC X3). */
export class Reporter {
  readonly #options: ReporterOptions;
  /** When a device was told, by the monotonic clock. The one told last comes last. */
  readonly #told = new Map<DeviceId, number>();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Somebody asks over that link. Who asks again too soon gets no answer. Never rejects. */
  async answer(link: Link, id: string): Promise<void> {
    const { routes, surveyor, talk, ports, links } = this.#options;
    const { peer } = link;
    if (!this.#mayTell(peer)) return;
    const survey = await surveyor.survey(routes.of(peer.userId).own);
    // The link by which the question came may have ended meanwhile, and another one opened.
    for (const way of new Set([link, ...links.openLinks(peer.deviceId)])) {
      try {
        talk.send(way, { version: 1, type: "report", id, survey });
        return;
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
        ports.log.debug("a report did not leave", { to: peer.deviceId, error });
      }
    }
  }

  #mayTell({ deviceId }: LinkPeer): boolean {
    const now = this.#options.ports.clock.monotonic();
    const last = this.#told.get(deviceId);
    if (last !== undefined && now - last < REPORT_EVERY_MS) return false;
    this.#told.delete(deviceId);
    this.#told.set(deviceId, now);
    for (const longest of this.#told.keys()) {
      if (this.#told.size <= MAX_REPORTS_NOTED) break;
      this.#told.delete(longest);
    }
    return true;
  }
}
