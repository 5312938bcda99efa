import type { IceServers, UserId } from "../../shared/protocol/index.ts";
import { turnCredentials, type TurnService } from "./turn-credentials.ts";

/** Without TURN nothing expires; a client asks again by and by, for settings change. */
const PLAIN_TTL_MS = 24 * 60 * 60 * 1000;

/** What members are told to use for ICE (SPEC N). */
export class IceOffer {
  /** Where the server answers STUN, once it does. */
  stunPort: number | undefined;
  readonly #turn: TurnService | undefined;

  constructor(turn?: TurnService) {
    this.#turn = turn;
  }

  /** @param now ms since the Unix epoch */
  serversFor(userId: UserId, now: number): IceServers {
    const turn = this.#turn;
    return {
      ...(this.stunPort === undefined ? {} : { stunPort: this.stunPort }),
      ...(turn === undefined
        ? {}
        : { turn: { uris: [...turn.uris], ...turnCredentials(turn, userId, now) } }),
      ttlMs: turn?.ttlMs ?? PLAIN_TTL_MS,
    };
  }
}
