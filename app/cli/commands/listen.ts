import type { ConnectionState, Message } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { RosterEntry, UserId } from "../../../shared/protocol/index.ts";
import type { Context } from "../context.ts";
import { ChangeNews } from "../change-news.ts";
import { DeliveryNews } from "../delivery-news.ts";
import { toCliError } from "../exit-codes.ts";
import { ReceivedFiles } from "../received-files.ts";
import { restoreKit, signedOut } from "../session.ts";
import { print, warn } from "../terminal.ts";

/** A page of history; the most that the store gives at once is 1,000. */
const PAGE = 200;

/** `beeline listen`: JSON lines until a signal comes. Fields: `beeline help listen`. */
export async function listen(context: Context): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = () => stopped.resolve();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // Whoever read the lines is gone.
  process.stdout.once("error", stop);

  await using kit = await restoreKit(context, true);
  const files = filesOf(kit, context.options.files);
  const listener = new Listener(kit, context.options["keep-unread"] !== true, files);
  kit.on("connection", (connection) => {
    tellConnection(connection);
    if (connection.state === "signed-out") stopped.reject(signedOut(connection.reason));
  });
  kit.on("roster", (entry) => {
    tellPresence(entry);
    if (context.options["accept-requests"] === true) accept(kit, entry);
  });
  const news = new DeliveryNews();
  const changes = new ChangeNews();
  kit.on("messageChanged", (message) => {
    if (message.own && news.isNews(message)) tellDelivery(kit, message);
    if (changes.isNews(message)) tellChange(kit, message);
  });
  kit.on("message", (message) => {
    changes.tell(message);
    listener.arrived(message);
  });

  tellReady(kit);
  tellConnection(kit.connection);
  for (const entry of kit.roster.entries()) {
    tellPresence(entry);
    if (context.options["accept-requests"] === true) accept(kit, entry);
  }
  await listener.tellUnread();
  await stopped.promise;
}

/** Tells received messages once and in order: first what was unread, then what arrives. */
class Listener {
  readonly #kit: ChatKitApi;
  readonly #markRead: boolean;
  readonly #files: ReceivedFiles | undefined;
  /** Arrived while the unread ones are told; undefined afterwards. */
  #waiting: Message[] | undefined = [];

  constructor(kit: ChatKitApi, markRead: boolean, files: ReceivedFiles | undefined) {
    this.#kit = kit;
    this.#files = files;
    this.#markRead = markRead;
  }

  async tellUnread(): Promise<void> {
    const told = new Set<string>();
    for (const { conversationId, unread } of this.#kit.conversations.list()) {
      for (const message of await this.#lastReceived(conversationId, unread)) {
        told.add(message.id);
        this.#tell(message);
      }
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of waiting) {
      if (!told.has(message.id)) this.#tell(message);
    }
  }

  arrived(message: Message): void {
    if (message.own) return;
    if (this.#waiting === undefined) this.#tell(message);
    else this.#waiting.push(message);
  }

  /** The newest `count` messages of other people, oldest first. */
  async #lastReceived(
    conversationId: Message["conversationId"],
    count: number,
  ): Promise<readonly Message[]> {
    let found: readonly Message[] = [];
    let before: string | undefined;
    while (found.length < count) {
      const page = await this.#kit.history(conversationId, {
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      });
      found = [...page.filter(({ own }) => !own), ...found];
      before = page[0]?.order;
      if (before === undefined) break;
    }
    return count === 0 ? [] : found.slice(-count);
  }

  #tell(message: Message): void {
    tellMessage(this.#kit, message);
    this.#files?.take(message).catch((error: unknown) => warn(toCliError(error).message));
    if (!this.#markRead) return;
    this.#kit.conversations
      .markRead(message.conversationId)
      .catch((error: unknown) => warn(toCliError(error).message));
  }
}

function filesOf(kit: ChatKitApi, folder: string | undefined): ReceivedFiles | undefined {
  if (folder === undefined) return undefined;
  return new ReceivedFiles(kit, folder, {
    onSaved: (id, path) => tell("file", { id, path }),
    onProblem: (error) => warn(toCliError(error).message),
  });
}

function accept(kit: ChatKitApi, { state, profile }: RosterEntry): void {
  if (state !== "pending") return;
  // While offline it is refused, and comes up again with the roster of the next connection.
  kit.roster
    .accept(profile.userId)
    .catch((error: unknown) => warn(`${profile.userName}: ${toCliError(error).message}`));
}

function tellReady(kit: ChatKitApi): void {
  const { self } = kit;
  tell("ready", {
    user: self?.profile.userName,
    userId: self?.profile.userId,
    deviceId: self?.deviceId,
  });
}

function tellConnection(connection: ConnectionState): void {
  const { state } = connection;
  tell("connection", {
    state,
    ...(state === "waiting" ? { retryAt: connection.retryAt } : {}),
    ...(state === "signed-out" ? { reason: connection.reason } : {}),
  });
}

function tellPresence({ profile, state, presence }: RosterEntry): void {
  tell("presence", {
    user: profile.userName,
    userId: profile.userId,
    state,
    show: presence.show,
    statusText: presence.statusText,
  });
}

function tellMessage(kit: ChatKitApi, message: Message): void {
  const { id, conversationId, from, body, sentAt, receivedAt, delivery } = message;
  tell("message", {
    id,
    conversationId,
    user: nameOf(kit, from),
    userId: from,
    type: body.type,
    ...("text" in body ? { text: body.text } : {}),
    sentAt,
    receivedAt,
    ...("path" in delivery ? { path: delivery.path } : {}),
  });
}

function tellDelivery(kit: ChatKitApi, { id, conversationId, delivery }: Message): void {
  const peer = kit.conversations.get(conversationId)?.peer;
  const { state, ...details } = delivery;
  tell("delivery", {
    id,
    conversationId,
    ...(peer === undefined ? {} : { user: nameOf(kit, peer), userId: peer }),
    state,
    ...details,
  });
}

/** What it says now, and what people did to it. */
function tellChange(kit: ChatKitApi, message: Message): void {
  const { body, conversationId, editedAt, from, id, pinnedAt, reactions } = message;
  tell("change", {
    id,
    conversationId,
    user: nameOf(kit, from),
    userId: from,
    type: body.type,
    ...("text" in body ? { text: body.text } : {}),
    ...(editedAt === undefined ? {} : { editedAt }),
    ...(pinnedAt === undefined ? {} : { pinnedAt }),
    reactions: reactions.map(({ emoji, userId }) => ({
      user: nameOf(kit, userId),
      userId,
      emoji,
    })),
  });
}

/** The name on the roster; absent for somebody who has left it. */
function nameOf(kit: ChatKitApi, userId: UserId): string | undefined {
  return kit.roster.get(userId)?.profile.userName;
}

function tell(event: string, fields: Record<string, unknown>): void {
  print(JSON.stringify({ event, ...fields }));
}
