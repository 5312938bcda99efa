import type { RoutePolicy, UserId } from "../../protocol/index.ts";
import { ChatKitError, type Examination, type LinkStatus, type Route } from "../api.ts";
import { calling } from "../calling.ts";
import type { NetworkApi } from "./network-api.ts";

/** What looks into the ways to a person. */
export interface Examiner {
  /** Sends a ping over each open link to the person's devices. */
  measure(userId: UserId): Promise<void>;
  /** One examination for each online device of the person, or one of this end alone. */
  examine(userId: UserId): Promise<readonly Examination[]>;
}

interface Open {
  readonly links: { status(): readonly LinkStatus[] };
  readonly routes: {
    of(userId: UserId): Route;
    choose(userId: UserId, policy: RoutePolicy): Promise<void>;
  };
  readonly roster: { isBuddy(userId: UserId): boolean };
  readonly examiner: Examiner;
}

/** The ways to other devices as hosts see and choose them. */
export class NetworkCalls implements NetworkApi {
  readonly #open: () => Open;
  readonly #current: () => Open | undefined;

  /**
   * @param current the account, if one is open
   * @param open throws ChatKitError not-open where none is
   */
  constructor(current: () => Open | undefined, open: () => Open) {
    this.#current = current;
    this.#open = open;
  }

  links(): readonly LinkStatus[] {
    return this.#current()?.links.status() ?? [];
  }

  measure(userId: UserId): Promise<void> {
    return calling(async () => await this.#withBuddy(userId).examiner.measure(userId));
  }

  route(userId: UserId): Route {
    const open = this.#current();
    if (open?.roster.isBuddy(userId) === true) return open.routes.of(userId);
    return { userId, own: "automatic", theirs: "automatic" };
  }

  setRoute(userId: UserId, policy: RoutePolicy): Promise<Route> {
    return calling(async () => {
      const { routes } = this.#withBuddy(userId);
      await routes.choose(userId, policy);
      return routes.of(userId);
    });
  }

  examine(userId: UserId): Promise<readonly Examination[]> {
    return calling(async () => await this.#withBuddy(userId).examiner.examine(userId));
  }

  #withBuddy(userId: UserId): Open {
    const open = this.#open();
    if (open.roster.isBuddy(userId)) return open;
    throw new ChatKitError("not-buddies", "You are not buddies.");
  }
}
