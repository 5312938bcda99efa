import type { ChatKitApi, Transfer } from "../../../shared/chatkit/chatkit.ts";
import type { MessageId } from "../../../shared/protocol/index.ts";
import { usage } from "../arguments.ts";
import type { Context } from "../context.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { PathSource } from "../ports/path-source.ts";
import { obstacleTo, restoreKit } from "../session.ts";
import { print } from "../terminal.ts";
import { entryOf } from "./buddies.ts";

const DEFAULT_TIMEOUT_S = 300;
const MAX_TIMEOUT_S = 7 * 86_400;

/** `beeline send-file USER FILE…`: ends when each was fetched, or waits in the mailbox. */
export async function sendFile(context: Context, words: readonly string[]): Promise<void> {
  const [name = "", ...paths] = words;
  const timeoutMs = timeoutOf(context.options.timeout) * 1000;
  // What cannot be read is told before anything is sent.
  const sources = await Promise.all(paths.map((path) => PathSource.at(path)));
  await using kit = await restoreKit(context, true);
  const obstacle = await obstacleTo(kit);
  if (obstacle !== undefined) throw obstacle;
  const { profile } = entryOf(kit, name);
  const { conversationId } = await kit.conversations.withPeer(profile.userId);
  const ends = new TransferEnds(kit);
  const sent: { readonly id: MessageId; readonly file: string }[] = [];
  for (const source of sources) {
    const { id } = await kit.files.send(conversationId, source);
    sent.push({ id, file: source.path });
  }
  for (const { file, id } of sent) {
    const transfer = await ends.within(id, timeoutMs);
    const state = transfer.state === "complete" ? "delivered" : "stored";
    if (context.options.json === true) print(JSON.stringify({ id, file, state }));
    else print(`${state} ${file}`);
  }
}

/** Tells when a file has left this machine's care. */
class TransferEnds {
  readonly #kit: ChatKitApi;
  readonly #last = new Map<MessageId, Transfer>();
  #onChange: (() => void) | undefined;

  constructor(kit: ChatKitApi) {
    this.#kit = kit;
    kit.on("transfer", (transfer) => {
      this.#last.set(transfer.messageId, transfer);
      this.#onChange?.();
    });
  }

  /** @throws CliError notDelivered */
  async within(id: MessageId, timeoutMs: number): Promise<Transfer> {
    const ended = Promise.withResolvers<Transfer>();
    this.#onChange = () => {
      const transfer = this.#last.get(id);
      if (transfer === undefined) return;
      const { failure, path, state } = transfer;
      if (state === "failed") ended.reject(notDelivered(`The file failed: ${failure ?? ""}.`));
      else if (state === "complete" || path === "stored") ended.resolve(transfer);
    };
    const late = notDelivered(
      "Nobody has fetched it in time; it is offered while a command of this account runs.",
    );
    const timer = setTimeout(() => ended.reject(late), timeoutMs);
    try {
      const known = await this.#kit.files.transfer(id);
      if (known !== undefined && !this.#last.has(id)) this.#last.set(id, known);
      this.#onChange();
      return await ended.promise;
    } finally {
      clearTimeout(timer);
      this.#onChange = undefined;
    }
  }
}

function notDelivered(message: string): CliError {
  return new CliError(exitCodes.notDelivered, message);
}

function timeoutOf(text = String(DEFAULT_TIMEOUT_S)): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S)) {
    throw usage(`--timeout is a number of seconds up to ${MAX_TIMEOUT_S}.`, "send-file");
  }
  return seconds;
}
