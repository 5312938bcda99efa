import type { Examination, LinkStatus } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { RosterEntry, UserId } from "../../../shared/protocol/index.ts";
import type { Context } from "../context.ts";
import { findingTexts, layerLines, works } from "../examination-text.ts";
import { CliError, exitCodes, toCliError } from "../exit-codes.ts";
import { online, restoreKit } from "../session.ts";
import { print } from "../terminal.ts";
import { entryOf } from "./buddies.ts";

/** To hear of each other, and to open a link. */
const NEARBY_PATIENCE_MS = 5_000;

/**
 * `beeline doctor USER`: both ends test their networks and the ways between them. Fails where no
 * message gets there now.
 */
export async function doctorUser(context: Context, name: string): Promise<void> {
  await using kit = await restoreKit(context, true);
  const isOnline = await settled(kit);
  const entry = entryOf(kit, name);
  const { userId, userName } = entry.profile;
  if (!isOnline) await nearby(kit, userId);
  const examinations = await kit.network.examine(userId);
  if (context.options.json === true) print(JSON.stringify({ user: userName, examinations }));
  else for (const examination of examinations) report(examination, entry, examinations.length);
  if (examinations.some(works)) return;
  const isOffline = examinations.every(({ own }) => own.server.state === "down");
  throw new CliError(
    isOffline ? exitCodes.cannotConnect : exitCodes.failed,
    `No message reaches ${userName} now.`,
  );
}

/** False where the server is not reached: then there is the roster that was saved. */
async function settled(kit: ChatKitApi): Promise<boolean> {
  try {
    await online(kit);
    // Whose devices they are is known once their lists were read.
    await kit.roster.ready();
    return true;
  } catch (error) {
    const obstacle = toCliError(error);
    if (obstacle.exitCode !== exitCodes.cannotConnect) throw obstacle;
    return false;
  }
}

/** Waits until the person is linked by the local network, for as long as that takes where it works. */
async function nearby(kit: ChatKitApi, userId: UserId): Promise<void> {
  const found = Promise.withResolvers<void>();
  const look = (link: LinkStatus): void => {
    if (link.userId === userId && link.direct === "open") found.resolve();
  };
  const stop = kit.on("link", look);
  for (const link of kit.network.links()) look(link);
  const timer = setTimeout(() => found.resolve(), NEARBY_PATIENCE_MS);
  await found.promise;
  clearTimeout(timer);
  stop();
}

function report(examination: Examination, { profile, devices }: RosterEntry, among: number): void {
  const { userName } = profile;
  const device = devices.find(({ deviceId }) => deviceId === examination.deviceId);
  if (among > 1) print(`${userName}, ${device?.name ?? examination.deviceId}`);
  for (const { mark, text } of layerLines(examination, userName)) {
    print(`${mark.padEnd(6)}${text}`);
  }
  for (const finding of examination.findings) print(findingTexts[finding]);
}
