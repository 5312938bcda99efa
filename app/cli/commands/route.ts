import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import { RoutePolicy, type UserId } from "../../../shared/protocol/index.ts";
import { usage } from "../arguments.ts";
import type { Context } from "../context.ts";
import { obstacleTo, restoreKit } from "../session.ts";
import { print } from "../terminal.ts";
import { entryOf } from "./buddies.ts";

/** The server is told of what it has a part in, in so long; else the next command tells it. */
const SERVER_PATIENCE_MS = 5_000;

/** `beeline route USER [POLICY]`: by which ways messages to a buddy may go. Needs no server. */
export async function route(context: Context, words: readonly string[]): Promise<void> {
  const [name = "", word] = words;
  const policy = RoutePolicy.options.find((known) => known === word);
  if (word !== undefined && policy === undefined) {
    throw usage(`A policy is one of ${RoutePolicy.options.join(", ")}.`, "route");
  }
  await using kit = await restoreKit(context, false);
  const isOnline = policy !== undefined && (await obstacleTo(kit)) === undefined;
  const { profile } = entryOf(kit, name);
  if (policy !== undefined) await kit.network.setRoute(profile.userId, policy);
  if (isOnline) await serverTold(kit, profile.userId, policy === "relay-only");
  const { own, theirs } = kit.network.route(profile.userId);
  const user = profile.userName;
  if (context.options.json === true) print(JSON.stringify({ user, own, theirs }));
  else print(`${user}: yours ${own}, theirs ${theirs}`);
}

/** Whoever hides their addresses does not want them told by the next sign-in. */
async function serverTold(kit: ChatKitApi, userId: UserId, hide: boolean): Promise<void> {
  const told = Promise.withResolvers<void>();
  const look = (): void => {
    if ((kit.roster.get(userId)?.hideAddresses ?? false) === hide) told.resolve();
  };
  const stop = kit.on("roster", look);
  const timer = setTimeout(told.resolve, SERVER_PATIENCE_MS);
  look();
  await told.promise;
  clearTimeout(timer);
  stop();
}
