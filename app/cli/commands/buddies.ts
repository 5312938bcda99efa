import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import { canonicalUserName, type RosterEntry } from "../../../shared/protocol/index.ts";
import { usage } from "../arguments.ts";
import type { Context } from "../context.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { online, restoreKit } from "../session.ts";
import { print } from "../terminal.ts";

const actions = ["add", "accept", "remove"] as const;
type Action = (typeof actions)[number];

/** `beeline buddies [add|accept|remove NAME]`. */
export async function buddies(context: Context, words: readonly string[]): Promise<void> {
  const [word, name] = words;
  const action = actions.find((known) => known === word);
  if (word !== undefined && (action === undefined || name === undefined)) {
    throw usage(`"buddies" takes ${actions.join(", ")} and a name.`, "buddies");
  }
  await using kit = await restoreKit(context, false);
  await online(kit);
  if (action === undefined || name === undefined) {
    for (const entry of kit.roster.entries().toSorted(byName)) {
      print(context.options.json === true ? json(entry) : line(entry));
    }
  } else {
    print(await change(kit, action, name));
  }
  // The next command may have no server.
  await kit.roster.ready();
}

async function change(kit: ChatKitApi, action: Action, name: string): Promise<string> {
  switch (action) {
    case "add": {
      const { state, profile } = await kit.roster.add(name);
      return state === "buddies"
        ? `${profile.userName} is a buddy`
        : `${profile.userName} has been asked`;
    }
    case "accept": {
      const { profile, state } = entryOf(kit, name);
      if (state === "buddies") return `${profile.userName} is a buddy already`;
      if (state !== "pending") throw noRequest(name);
      await kit.roster.accept(profile.userId);
      return `${profile.userName} is a buddy`;
    }
    case "remove": {
      const { profile, state } = entryOf(kit, name);
      if (state === "pending") await kit.roster.decline(profile.userId);
      else if (state === "blocked") await kit.roster.unblock(profile.userId);
      else await kit.roster.remove(profile.userId);
      return `${profile.userName} is removed`;
    }
    default:
      return assertNever(action);
  }
}

/**
 * The roster's entry for a user name.
 * @throws CliError refused
 */
export function entryOf(kit: ChatKitApi, name: string): RosterEntry {
  const wanted = canonicalUserName(name);
  const entry = kit.roster
    .entries()
    .find(({ profile }) => canonicalUserName(profile.userName) === wanted);
  if (entry === undefined) {
    throw new CliError(
      exitCodes.refused,
      `${name} is not on your roster: use beeline buddies add ${name}`,
    );
  }
  return entry;
}

function noRequest(name: string): CliError {
  return new CliError(exitCodes.refused, `${name} has not asked to be your buddy.`);
}

function byName(a: RosterEntry, b: RosterEntry): number {
  return a.profile.userName.localeCompare(b.profile.userName);
}

function line({ profile, state, presence }: RosterEntry): string {
  const shown = state === "buddies" ? presence.show : state;
  const text = presence.statusText === "" ? "" : `  ${presence.statusText}`;
  return `${profile.userName.padEnd(20)} ${shown.padEnd(9)}${text}`.trimEnd();
}

function json({ profile, state, presence }: RosterEntry): string {
  return JSON.stringify({
    user: profile.userName,
    displayName: profile.displayName,
    state,
    show: presence.show,
    statusText: presence.statusText,
  });
}
