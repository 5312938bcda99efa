import { hostname } from "node:os";
import { ChatKit, type ChatKitApi } from "../../shared/chatkit/chatkit.ts";
import type { ConnectionState, SignedOutReason } from "../../shared/chatkit/api.ts";
import { limits } from "../../shared/protocol/index.ts";
import { accountOf, linkOf, type Context } from "./context.ts";
import { CliError, exitCodes, toCliError } from "./exit-codes.ts";
import { createNodePorts } from "./ports/node-ports.ts";
import { warn } from "./terminal.ts";
import { readVersion } from "./version.ts";

/** Time to reach the server and sign in. */
const CONNECT_PATIENCE_MS = 20_000;

/** The engine, not signed in. @param peers whether direct links are worth their start-up time */
export function createKit(context: Context, server: string, peers: boolean): ChatKitApi {
  const { dataFolder, log, options } = context;
  const { pin } = linkOf(context);
  const kit = new ChatKit({
    server,
    ...(pin === undefined ? {} : { pin }),
    host: {
      client: { name: "beeline-cli", version: readVersion() },
      deviceName: (hostname() || "beeline-cli").slice(0, limits.MAX_DEVICE_NAME_LENGTH),
    },
    // Whoever is near can be reached by a direct link only.
    ports: createNodePorts({ dataFolder, log, peers, lan: peers && options["no-lan"] !== true }),
  });
  kit.on("notice", ({ kind, detail }) => warn(`${kind}: ${detail}`));
  return kit;
}

/**
 * The engine with the account's history and saved session; it connects in the background.
 * @throws CliError refused where nobody is signed in
 */
export async function restoreKit(context: Context, peers: boolean): Promise<ChatKitApi> {
  const { server, user } = accountOf(context);
  const kit = createKit(context, server, peers);
  try {
    if (await kit.restore(user)) return kit;
  } catch (error) {
    await kit.close();
    throw error;
  }
  await kit.close();
  throw new CliError(
    exitCodes.refused,
    `${user} is not signed in at ${server}: use beeline login --server ${server} --user ${user}`,
  );
}

/**
 * Waits until the engine is online.
 * @throws CliError cannotConnect at the first failed attempt, refused where the session has ended
 */
export async function online(kit: ChatKitApi): Promise<void> {
  const settled = Promise.withResolvers<void>();
  const look = (connection: ConnectionState): void => {
    switch (connection.state) {
      case "online":
        settled.resolve();
        return;
      case "waiting":
        settled.reject(unreachable());
        return;
      case "signed-out":
        settled.reject(signedOut(connection.reason));
        return;
      case "idle":
      case "connecting":
    }
  };
  const stop = kit.on("connection", look);
  const timer = setTimeout(() => settled.reject(unreachable()), CONNECT_PATIENCE_MS);
  try {
    look(kit.connection);
    await settled.promise;
  } finally {
    stop();
    clearTimeout(timer);
  }
}

/**
 * Why there is no connection; undefined once there is one.
 * @throws CliError where signing in anew is the only way
 */
export async function obstacleTo(kit: ChatKitApi): Promise<CliError | undefined> {
  try {
    await online(kit);
    return undefined;
  } catch (error) {
    const obstacle = toCliError(error);
    if (obstacle.exitCode !== exitCodes.cannotConnect) throw obstacle;
    return obstacle;
  }
}

const textOfSignedOut: Record<SignedOutReason, string> = {
  "by-user": "You are signed out.",
  "session-ended": "The session has ended: sign in again by beeline login.",
  "account-disabled": "The account is disabled: ask the server's administrator.",
  replaced: "The same device connected again elsewhere.",
  "unsupported-version": "Server and client have no common version: update the older one.",
};

export function signedOut(reason: SignedOutReason): CliError {
  return new CliError(exitCodes.refused, textOfSignedOut[reason]);
}

function unreachable(): CliError {
  return new CliError(exitCodes.cannotConnect, "The server cannot be reached. See: beeline doctor");
}
