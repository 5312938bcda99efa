import type { ChatKitApi, ConversationsApi } from "../../shared/chatkit/chatkit.ts";
import type { Group, GroupMember, GroupsApi } from "../../shared/chatkit/groups/groups-api.ts";
import { canonicalUserName } from "../../shared/protocol/index.ts";
import { CliError, exitCodes } from "./exit-codes.ts";

/** The name of a group comes with a message that may be on its way still. */
const NAMES_PATIENCE_MS = 3_000;

/** The part of the engine that is used. */
export interface GroupsKit {
  readonly conversations: Pick<ConversationsApi, "list">;
  readonly groups: Pick<GroupsApi, "get">;
}

/** A group with the name that this device has for it. */
export interface NamedGroup extends Group {
  readonly name: string;
}

/** Groups in which this account is or was, those with the newest messages first. */
export function groupsOf(kit: GroupsKit): readonly NamedGroup[] {
  return kit.conversations.list().flatMap(({ conversationId, title }) => {
    const group = kit.groups.get(conversationId);
    return group === undefined ? [] : { ...group, name: title };
  });
}

/** The groups are as the server has them, with their names as far as those come soon. */
export async function groupsRead(kit: ChatKitApi): Promise<void> {
  await kit.groups.ready();
  const named = Promise.withResolvers<void>();
  const look = (): void => {
    const isMissing = groupsOf(kit).some(
      ({ about, standing }) => standing === "member" && about === undefined,
    );
    if (!isMissing || kit.connection.state !== "online") named.resolve();
  };
  const stop = kit.on("group", look);
  const timer = setTimeout(named.resolve, NAMES_PATIENCE_MS);
  look();
  await named.promise;
  clearTimeout(timer);
  stop();
}

/** By its id, or by its name; of several with one name those in which this account is. */
export function findGroup(kit: GroupsKit, word: string): readonly NamedGroup[] {
  const groups = groupsOf(kit);
  const byId = groups.filter(({ conversationId }) => conversationId === word);
  if (byId.length > 0) return byId;
  const wanted = canonicalUserName(word);
  const byName = groups.filter(({ name }) => canonicalUserName(name) === wanted);
  const present = byName.filter(({ standing }) => standing === "member");
  return present.length > 0 ? present : byName;
}

/** @throws CliError refused where there is none, or more than one */
export function groupNamed(kit: GroupsKit, word: string): NamedGroup {
  const [found, ...others] = findGroup(kit, word);
  if (found === undefined) {
    throw new CliError(exitCodes.refused, `There is no group ${word}. See: beeline group list`);
  }
  if (others.length > 0) {
    throw new CliError(
      exitCodes.refused,
      `There are ${others.length + 1} groups of this name: use the id that beeline group list tells.`,
    );
  }
  return found;
}

/** By their user name. @throws CliError refused where nobody in the group has it */
export function memberNamed({ members, name }: NamedGroup, word: string): GroupMember {
  const wanted = canonicalUserName(word);
  const found = members.find(
    ({ userId, userName }) =>
      userId === word || (userName !== undefined && canonicalUserName(userName) === wanted),
  );
  if (found === undefined) throw new CliError(exitCodes.refused, `${word} is not in ${name}.`);
  return found;
}
