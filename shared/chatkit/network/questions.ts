import { encodeId, ID_BYTES, type ExaminationMessage } from "../../protocol/index.ts";
import type { NetworkSurvey } from "../api.ts";
import { EXAMINATION_ASK_MS } from "../limits.ts";
import { LinkError, type Link, type LinkPeer } from "../link.ts";
import type { Ports } from "../ports.ts";
import type { Patience } from "./patience.ts";
import type { SealedTalk } from "./sealed-talk.ts";

/** A question may be lost with its link; after the second one the other end is silent. */
const TRIES = 2;

/** Until a link is open there is nobody to ask. */
const LOOK_AGAIN_MS = 250;

export interface QuestionsOptions {
  readonly ports: Pick<Ports, "random" | "log">;
  readonly patience: Patience;
  readonly talk: Pick<SealedTalk, "send">;
}

interface Question {
  readonly to: LinkPeer;
  readonly resolve: (survey: NetworkSurvey) => void;
}

/** Asks other devices what they find out about their networks. */
export class Questions {
  readonly #options: QuestionsOptions;
  /** As many as devices are examined. */
  readonly #open = new Map<string, Question>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /**
   * @param way the link to ask by, if there is one now
   * @param leftMs time that is left for it all
   * @returns undefined where no answer came
   */
  async ask(
    to: LinkPeer,
    way: () => Link | undefined,
    leftMs: () => number,
  ): Promise<NetworkSurvey | undefined> {
    const { patience, ports } = this.#options;
    const id = encodeId(ports.random.bytes(ID_BYTES));
    const answer = Promise.withResolvers<NetworkSurvey>();
    this.#open.set(id, { to, resolve: answer.resolve });
    try {
      for (let tries = 0; tries < TRIES && leftMs() > 0 && !patience.over;) {
        const link = way();
        const isAsked = link !== undefined && this.#send(link, id);
        if (isAsked) tries += 1;
        const waits = Math.min(leftMs(), isAsked ? EXAMINATION_ASK_MS : LOOK_AGAIN_MS);
        const survey = await patience.within(waits, answer.promise);
        if (survey !== undefined) return survey;
      }
      return undefined;
    } finally {
      this.#open.delete(id);
    }
  }

  /** A report came over that link: it counts where that device was asked. */
  answered(link: Link, { id, survey }: Extract<ExaminationMessage, { type: "report" }>): void {
    const question = this.#open.get(id);
    if (question?.to.deviceId === link.peer.deviceId) question.resolve(survey);
  }

  #send(link: Link, id: string): boolean {
    try {
      this.#options.talk.send(link, { version: 1, type: "examine", id });
      return true;
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#options.ports.log.debug("a question did not leave", { to: link.peer.deviceId, error });
      return false;
    }
  }
}
