import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { GroupAbout, GroupSettings } from "../../../shared/chatkit/groups/groups-api.ts";
import type { ConversationId, UserId } from "../../../shared/protocol/index.ts";
import { usage, type OptionName } from "../arguments.ts";
import type { Context } from "../context.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { dateOf, groupJson, groupLines, listLine } from "../group-text.ts";
import { groupNamed, groupsOf, groupsRead, memberNamed, type NamedGroup } from "../groups.ts";
import { online, restoreKit } from "../session.ts";
import { print } from "../terminal.ts";
import { entryOf } from "./buddies.ts";

interface Call {
  readonly kit: ChatKitApi;
  readonly context: Context;
  /** After the action. */
  readonly words: readonly string[];
}

interface Action {
  /** Least and most words after it. */
  readonly takes: readonly [number, number];
  readonly options?: readonly OptionName[];
  run(call: Call): Promise<void>;
}

const MANY = 500;
const roles = ["member", "admin", "owner"] as const;
/** Devices of many people get the group's name. */
const NAMES_PATIENCE_MS = 10_000;
const DAY_MS = 86_400_000;
/** A year: a link is to end some day. */
const MAX_EXPIRY_DAYS = 365;

const actions = {
  list: {
    takes: [0, 0],
    run: async ({ context, kit }) => {
      for (const group of groupsOf(kit)) {
        print(context.options.json === true ? groupJson(group) : listLine(group));
      }
    },
  },
  create: {
    takes: [1, MANY],
    options: ["description", "announcements", "members-invite"],
    run: async ({ context, kit, words: [name = "", ...users] }) => {
      const members = users.map((user) => buddy(kit, user));
      const { description } = context.options;
      const about: GroupAbout = { name, ...(description === undefined ? {} : { description }) };
      const settings = settingsOf(context);
      const { conversationId } = await kit.groups.found({ ...about, ...settings, members });
      tell(context, here(kit, conversationId), conversationId);
    },
  },
  show: {
    takes: [1, 1],
    run: async ({ context, kit, words: [word = ""] }) => {
      const group = groupNamed(kit, word);
      if (context.options.json === true) print(groupJson(group));
      else for (const line of groupLines(group)) print(line);
    },
  },
  invite: {
    takes: [2, MANY],
    run: async ({ context, kit, words: [word = "", ...users] }) => {
      const { conversationId, name } = groupNamed(kit, word);
      const members = users.map((user) => buddy(kit, user));
      await kit.groups.invite(conversationId, members);
      tell(context, here(kit, conversationId), `${users.join(", ")}: invited to ${name}`);
    },
  },
  remove: {
    takes: [2, MANY],
    run: async ({ context, kit, words: [word = "", ...users] }) => {
      const group = groupNamed(kit, word);
      const { conversationId, name } = group;
      const members = users.map((user) => memberNamed(group, user).userId);
      await kit.groups.remove(conversationId, members);
      tell(context, here(kit, conversationId), `${users.join(", ")}: removed from ${name}`);
    },
  },
  leave: {
    takes: [1, 1],
    run: async ({ context, kit, words: [word = ""] }) => {
      const { conversationId, name } = groupNamed(kit, word);
      await kit.groups.leave(conversationId);
      tell(context, here(kit, conversationId), `You have left ${name}`);
    },
  },
  dissolve: {
    takes: [1, 1],
    run: async ({ context, kit, words: [word = ""] }) => {
      const { conversationId, name } = groupNamed(kit, word);
      await kit.groups.dissolve(conversationId);
      tell(context, here(kit, conversationId), `${name} is dissolved`);
    },
  },
  role: {
    takes: [3, 3],
    run: async ({ context, kit, words: [word = "", user = "", wanted] }) => {
      const role = roles.find((known) => known === wanted);
      if (role === undefined) throw usage(`A role is one of ${roles.join(", ")}.`, "group");
      const group = groupNamed(kit, word);
      const { conversationId, name } = group;
      await kit.groups.setRole(conversationId, memberNamed(group, user).userId, role);
      tell(context, here(kit, conversationId), `${user}: ${role} of ${name}`);
    },
  },
  about: {
    takes: [1, 1],
    options: ["name", "description"],
    run: async ({ context, kit, words: [word = ""] }) => {
      const { about, conversationId } = groupNamed(kit, word);
      const { description, name = about?.name } = context.options;
      if (name === undefined) throw usage("The group has no name yet: use --name TEXT.", "group");
      const told = description ?? about?.description ?? "";
      await kit.groups.setAbout(conversationId, {
        name,
        ...(told === "" ? {} : { description: told }),
        ...(about?.picture === undefined ? {} : { picture: about.picture }),
      });
      tell(context, here(kit, conversationId), `${name}: changed`);
    },
  },
  settings: {
    takes: [1, 1],
    options: ["announcements", "members-invite"],
    run: async ({ context, kit, words: [word = ""] }) => {
      const { conversationId } = groupNamed(kit, word);
      await kit.groups.configure(conversationId, settingsOf(context));
      const group = here(kit, conversationId);
      const [announcements, membersInvite] = [group.announcements, group.membersInvite];
      const line = `announcements ${onOff(announcements)}, members-invite ${onOff(membersInvite)}`;
      tell(context, group, line);
    },
  },
  link: { takes: [1, 1], options: ["expires", "end"], run: link },
  join: {
    takes: [1, 1],
    run: async ({ context, kit, words: [text = ""] }) => {
      const { conversationId } = await kit.groups.join(text);
      const group = here(kit, conversationId);
      tell(context, group, `You are in ${group.name}: ${conversationId}`);
    },
  },
} as const satisfies Record<string, Action>;

/** `beeline group ACTION …`. */
export async function group(context: Context, words: readonly string[]): Promise<void> {
  const [name = "", ...rest] = words;
  if (!isAction(name)) {
    throw usage(`"group" takes ${Object.keys(actions).join(", ")}.`, "group");
  }
  const action: Action = actions[name];
  const [least, most] = action.takes;
  if (rest.length < least || rest.length > most) {
    throw usage(`"group ${name}" takes other arguments.`, "group");
  }
  for (const option of groupOptions) {
    if (context.options[option] !== undefined && action.options?.includes(option) !== true) {
      throw usage(`"group ${name}" takes no --${option}.`, "group");
    }
  }
  // Nothing is asked of the server that is written wrongly.
  settingsOf(context);
  expiryOf(context);
  await using kit = await restoreKit(context, false);
  await online(kit);
  await groupsRead(kit);
  await action.run({ context, kit, words: rest });
  await namesTold(kit);
  // What these people are sent next may have no server.
  await kit.roster.ready();
}

/** What is not told by then travels with the next message. */
async function namesTold(kit: ChatKitApi): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, NAMES_PATIENCE_MS);
  await Promise.race([kit.groups.told(), late.promise]);
  clearTimeout(timer);
}

/** Options that only some actions take. */
const groupOptions = [
  "name",
  "description",
  "announcements",
  "members-invite",
  "expires",
  "end",
] as const satisfies readonly OptionName[];

async function link({ context, kit, words: [word = ""] }: Call): Promise<void> {
  const { conversationId, name } = groupNamed(kit, word);
  const expiresIn = expiryOf(context);
  if (context.options.end === true) {
    if (expiresIn !== undefined) throw usage("A link ends now, or at a time.", "group");
    await kit.groups.endLink(conversationId);
    tell(context, here(kit, conversationId), `The link to ${name} lets nobody in any more`);
    return;
  }
  if (expiresIn !== undefined) {
    await kit.groups.makeLink(conversationId, { expiresAt: Date.now() + expiresIn });
  }
  const present = here(kit, conversationId).link;
  if (present?.text === undefined || present.expiresAt <= Date.now()) {
    const why = present === undefined ? "has no link" : "has no link that is known here and valid";
    throw new CliError(exitCodes.refused, `${name} ${why}: use --expires 7d to make one.`);
  }
  const { expiresAt, text } = present;
  if (context.options.json === true) {
    print(JSON.stringify({ id: conversationId, link: text, expiresAt }));
  } else print(`${text}\nuntil ${dateOf(expiresAt)}`);
}

function isAction(name: string): name is keyof typeof actions {
  return Object.hasOwn(actions, name);
}

/** @throws CliError refused where they are no buddy */
function buddy(kit: ChatKitApi, user: string): UserId {
  return entryOf(kit, user).profile.userId;
}

/** The group as it is now. */
function here(kit: ChatKitApi, conversationId: ConversationId): NamedGroup {
  return groupNamed(kit, conversationId);
}

function tell({ options }: Context, changed: NamedGroup, line: string): void {
  print(options.json === true ? groupJson(changed) : line);
}

/** @throws CliError usage */
function settingsOf({ options }: Context): Partial<GroupSettings> {
  const announcements = switchOf("announcements", options.announcements);
  const membersInvite = switchOf("members-invite", options["members-invite"]);
  return {
    ...(announcements === undefined ? {} : { announcements }),
    ...(membersInvite === undefined ? {} : { membersInvite }),
  };
}

function switchOf(option: OptionName, word: string | undefined): boolean | undefined {
  if (word === undefined) return undefined;
  if (word !== "on" && word !== "off") throw usage(`--${option} is on or off.`, "group");
  return word === "on";
}

function onOff(isOn: boolean): string {
  return isOn ? "on" : "off";
}

/** ms from now. @throws CliError usage */
function expiryOf({ options }: Context): number | undefined {
  if (options.expires === undefined) return undefined;
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(options.expires) ?? [];
  const ms = Number(count) * (unit === "h" ? DAY_MS / 24 : DAY_MS);
  if (!(ms > 0 && ms <= MAX_EXPIRY_DAYS * DAY_MS)) {
    throw usage("--expires is a number of hours or days, such as 12h or 7d.", "group");
  }
  return ms;
}
