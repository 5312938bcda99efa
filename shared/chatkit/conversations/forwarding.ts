import * as v from "valibot";
import { FileBody, TextBody, type ConversationId, type MessageId } from "../../protocol/index.ts";
import { ChatKitError, type Message } from "../api.ts";
import { MAX_FORWARDS } from "../limits.ts";

export interface ForwardingWays {
  readonly message: (messageId: MessageId) => Promise<Message | undefined>;
  readonly text: (to: ConversationId, text: string) => Promise<Message>;
  readonly file: (to: ConversationId, messageId: MessageId) => Promise<Message>;
}

/**
 * Sends what a message says to other conversations, without telling who wrote it or whom it names:
 * those who read it there may know neither. Resolves to what was sent, in the order of `to`.
 * @throws ChatKitError no-such-message, not-permitted (nothing that can be forwarded, or to nobody, or
 * to more than `MAX_FORWARDS`), and whatever the sending throws; what was sent before stays sent
 */
export async function forward(
  ways: ForwardingWays,
  messageId: MessageId,
  to: readonly ConversationId[],
): Promise<readonly Message[]> {
  const all = [...new Set(to)];
  if (all.length === 0 || all.length > MAX_FORWARDS) {
    throw new ChatKitError("not-permitted", `To 1 to ${MAX_FORWARDS} conversations at once.`);
  }
  const found = await ways.message(messageId);
  if (found === undefined) throw new ChatKitError("no-such-message", "There is no such message.");
  const { body } = found;
  const sent: Message[] = [];
  for (const conversationId of all) {
    if (v.is(FileBody, body)) sent.push(await ways.file(conversationId, messageId));
    else if (v.is(TextBody, body)) sent.push(await ways.text(conversationId, body.text));
    else throw new ChatKitError("not-permitted", "This message cannot be forwarded.");
  }
  return sent;
}
