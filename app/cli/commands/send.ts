import type { Message } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import { canonicalUserName, limits, type ConversationId } from "../../../shared/protocol/index.ts";
import { usage } from "../arguments.ts";
import type { Context } from "../context.ts";
import { DeliveryWatch, goals, type Goal } from "../delivery-watch.ts";
import { CliError } from "../exit-codes.ts";
import { findGroup, groupNamed, groupsRead } from "../groups.ts";
import { obstacleTo, restoreKit } from "../session.ts";
import { print, readStandardInput } from "../terminal.ts";
import { entryOf } from "./buddies.ts";

const DEFAULT_TIMEOUT_S = 30;
/** A day; whoever wants to wait longer runs `listen`. */
const MAX_TIMEOUT_S = 86_400;

/** Who is on the local network is found, and linked with, within this. */
const LAN_PATIENCE_MS = 6_000;

/** To whom: a buddy by their user name, or a group by its name or id. */
type To = { readonly user: string } | { readonly group: string };

/** `beeline send USER TEXT`, `beeline send --group GROUP TEXT`: ends as `--wait` says. */
export async function send(context: Context, words: readonly string[]): Promise<void> {
  const { group } = context.options;
  if (words.length !== (group === undefined ? 2 : 1)) {
    throw usage('"send" takes a user and a text, or --group and a text.', "send");
  }
  const to: To = group === undefined ? { user: words[0] ?? "" } : { group };
  const word = words.at(-1) ?? "";
  const goal = goalOf(context.options.wait ?? "sent");
  const timeoutMs = timeoutOf(context.options.timeout) * 1000;
  const text = word === "-" ? await readStandardInput(limits.MAX_TEXT_LENGTH) : word;

  await using kit = await restoreKit(context, goal !== "queued");
  // What is saved here may be older than the friendship; it is what there is without the server.
  const obstacle = goal === "queued" && isKnown(kit, to) ? undefined : await obstacleTo(kit);
  const watch = new DeliveryWatch(kit);
  const queued = await kit.send(await conversationOf(kit, to), text);
  if (goal === "queued") {
    report(context, queued);
    return;
  }
  if (obstacle !== undefined) {
    const patienceMs = context.options["no-lan"] === true ? 0 : LAN_PATIENCE_MS;
    const nearby = await watch.within(queued, Math.min(timeoutMs, patienceMs));
    if (nearby !== undefined) {
      report(context, nearby);
      return;
    }
    const message = `The message is queued, not sent. ${obstacle.message}`;
    throw new CliError(obstacle.exitCode, message, { cause: obstacle });
  }
  report(context, await watch.until(queued, goal, timeoutMs));
}

async function conversationOf(kit: ChatKitApi, to: To): Promise<ConversationId> {
  if ("group" in to) {
    await groupsRead(kit);
    return groupNamed(kit, to.group).conversationId;
  }
  const { profile } = entryOf(kit, to.user);
  return (await kit.conversations.withPeer(profile.userId)).conversationId;
}

function isKnown(kit: ChatKitApi, to: To): boolean {
  if ("group" in to) return findGroup(kit, to.group).length === 1;
  const wanted = canonicalUserName(to.user);
  return kit.roster
    .entries()
    .some(
      ({ profile, state }) => state === "buddies" && canonicalUserName(profile.userName) === wanted,
    );
}

function report({ options }: Context, { id, delivery }: Message): void {
  const path = "path" in delivery ? delivery.path : undefined;
  if (options.json === true) print(JSON.stringify({ id, state: delivery.state, path }));
  else print(path === undefined ? delivery.state : `${delivery.state} ${path}`);
}

function goalOf(text: string): Goal {
  const goal = goals.find((known) => known === text);
  if (goal === undefined) throw usage(`--wait is one of ${goals.join(", ")}.`, "send");
  return goal;
}

function timeoutOf(text = String(DEFAULT_TIMEOUT_S)): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S)) {
    throw usage(`--timeout is a number of seconds up to ${MAX_TIMEOUT_S}.`, "send");
  }
  return seconds;
}
