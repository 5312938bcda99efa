import { ChatKitError } from "../../../shared/chatkit/api.ts";
import type { GroupsApi } from "../../../shared/chatkit/groups/groups-api.ts";
import type { UserId } from "../../../shared/protocol/index.ts";

/** A server without groups. */
export class FakeGroups implements GroupsApi {
  readonly found = refused;
  readonly invite = refused;
  readonly remove = refused;
  readonly leave = refused;
  readonly dissolve = refused;
  readonly setRole = refused;
  readonly configure = refused;
  readonly setAbout = refused;
  readonly makeLink = refused;
  readonly endLink = refused;
  readonly preview = refused;
  readonly join = refused;

  get(): undefined {
    return undefined;
  }

  nameOf(userId: UserId): string {
    return userId;
  }
}

function refused(): Promise<never> {
  return Promise.reject(new ChatKitError("no-such-conversation", "There are no groups here."));
}
