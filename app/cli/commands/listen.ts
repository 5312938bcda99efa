import type { Message } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { RosterEntry } from "../../../shared/protocol/index.ts";
import type { Context } from "../context.ts";
import { ChangeNews } from "../change-news.ts";
import { DeliveryNews } from "../delivery-news.ts";
import { toCliError } from "../exit-codes.ts";
import { groupsOf } from "../groups.ts";
import { EventLines } from "../event-lines.ts";
import { ReceivedFiles } from "../received-files.ts";
import { restoreKit, signedOut } from "../session.ts";
import { warn } from "../terminal.ts";

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
  const lines = new EventLines(kit);
  const files = filesOf(kit, lines, context.options.files);
  const listener = new Listener(kit, lines, context.options["keep-unread"] !== true, files);
  kit.on("connection", (connection) => {
    lines.connection(connection);
    if (connection.state === "signed-out") stopped.reject(signedOut(connection.reason));
  });
  kit.on("roster", (entry) => {
    lines.presence(entry);
    if (context.options["accept-requests"] === true) accept(kit, entry);
  });
  const news = new DeliveryNews();
  const changes = new ChangeNews();
  kit.on("group", ({ conversationId }) => lines.group(conversationId));
  kit.on("messageChanged", (message) => {
    if (message.own && news.isNews(message)) lines.delivery(message);
    if (changes.isNews(message)) lines.change(message);
  });
  kit.on("message", (message) => {
    changes.tell(message);
    listener.arrived(message);
  });

  lines.ready();
  lines.connection(kit.connection);
  for (const entry of kit.roster.entries()) {
    lines.presence(entry);
    if (context.options["accept-requests"] === true) accept(kit, entry);
  }
  for (const { conversationId } of groupsOf(kit)) lines.group(conversationId);
  await listener.tellUnread();
  await stopped.promise;
}

/** Tells received messages once and in order: first what was unread, then what arrives. */
class Listener {
  readonly #kit: ChatKitApi;
  readonly #lines: EventLines;
  readonly #markRead: boolean;
  readonly #files: ReceivedFiles | undefined;
  /** Arrived while the unread ones are told; undefined afterwards. */
  #waiting: Message[] | undefined = [];

  constructor(
    kit: ChatKitApi,
    lines: EventLines,
    markRead: boolean,
    files: ReceivedFiles | undefined,
  ) {
    this.#kit = kit;
    this.#lines = lines;
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

  /** The newest `count` messages of other people, and what happened in the group since, oldest first. */
  async #lastReceived(
    conversationId: Message["conversationId"],
    count: number,
  ): Promise<readonly Message[]> {
    let found: readonly Message[] = [];
    let before: string | undefined;
    while (found.filter(counts).length < count) {
      const page = await this.#kit.history(conversationId, {
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      });
      found = [...page.filter(({ own }) => !own), ...found];
      before = page[0]?.order;
      if (before === undefined) break;
    }
    const first = found.filter(counts).at(-count);
    return count === 0 || first === undefined ? [] : found.slice(found.indexOf(first));
  }

  #tell(message: Message): void {
    this.#lines.received(message);
    this.#files?.take(message).catch((error: unknown) => warn(toCliError(error).message));
    if (!this.#markRead) return;
    this.#kit.conversations
      .markRead(message.conversationId)
      .catch((error: unknown) => warn(toCliError(error).message));
  }
}

/** What happened in a group is not among the unread. */
function counts({ body }: Message): boolean {
  return body.type !== "membership";
}

function filesOf(
  kit: ChatKitApi,
  lines: EventLines,
  folder: string | undefined,
): ReceivedFiles | undefined {
  if (folder === undefined) return undefined;
  return new ReceivedFiles(kit, folder, {
    onSaved: (id, path) => lines.file(id, path),
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
