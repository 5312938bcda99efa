import * as v from "valibot";
import { MessageId, UserId } from "./ids.ts";
import { MAX_TEXT_LENGTH } from "./limits.ts";

/**
 * Hybrid logical time of a message (Kulkarni et al., 2014): the sender's clock in ms, never behind
 * what it has seen in the conversation, and a counter for messages of one ms.
 */
export const HybridTime = v.object({
  ms: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 47)),
  counter: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff)),
});
export type HybridTime = v.InferOutput<typeof HybridTime>;

const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_TEXT_LENGTH));

export const TextBody = v.object({
  type: v.literal("text"),
  text: Text,
  /** The message of the same conversation that this one answers. */
  replyTo: v.exactOptional(MessageId),
});

/** One emoji as people choose it (Unicode Technical Standard 51, RGI_Emoji). */
export const Emoji = v.pipe(v.string(), v.maxLength(64), v.regex(/^\p{RGI_Emoji}$/v));

/** Its writer changes a text. */
const EditBody = v.object({ type: v.literal("edit"), of: MessageId, text: Text });

/** Its writer takes a message back, for everybody. */
const RecallBody = v.object({ type: v.literal("recall"), of: MessageId });

/** Somebody's reaction to a message, in place of the one before; none without `emoji`. */
const ReactionBody = v.object({
  type: v.literal("reaction"),
  of: MessageId,
  emoji: v.exactOptional(Emoji),
});

/** Changes a message that is there already, and is none itself. */
export const ChangeBody = v.variant("type", [EditBody, RecallBody, ReactionBody]);

/** Everything up to this message was seen by its reader. */
export const ReadBody = v.object({ type: v.literal("read"), upTo: MessageId });

/** `recalled` stands in a history in place of what was taken back; nobody sends it. */
const KNOWN_TYPES = ["text", "read", "edit", "recall", "reaction", "recalled"];

/** Anything a newer version sends: kept, and shown as something this version cannot show. */
export const UnknownBody = v.looseObject({
  type: v.pipe(v.string(), v.maxLength(64), v.notValues(KNOWN_TYPES)),
});

/** Message ids that one receipt may name in each of its lists. */
export const MAX_RECEIPT_IDS = 256;

const ReceiptIds = v.pipe(v.array(MessageId), v.minLength(1), v.maxLength(MAX_RECEIPT_IDS));

/** Sealed for the conversation's group; takes part in sequence, outbox and acknowledgement. */
export const MessageContent = v.object({
  kind: v.literal("message"),
  /** The other person in the conversation, so that one's own other devices can file it. */
  peer: UserId,
  at: HybridTime,
  body: v.union([TextBody, ReadBody, ChangeBody, UnknownBody]),
});
export type MessageContent = v.InferOutput<typeof MessageContent>;

/**
 * Sealed for one device, and sent once, without a sequence number: if it is lost, the message comes
 * again and so does the receipt.
 */
export const ReceiptContent = v.pipe(
  v.object({
    kind: v.literal("receipt"),
    /** Durable at the recipient. */
    delivered: v.exactOptional(ReceiptIds),
    /** Could not be opened there: their sender is to seal them anew. */
    unreadable: v.exactOptional(ReceiptIds),
  }),
  v.check(
    ({ delivered, unreadable }) => delivered !== undefined || unreadable !== undefined,
    "A receipt names a message.",
  ),
);
export type ReceiptContent = v.InferOutput<typeof ReceiptContent>;

/** The plaintext inside an envelope: JSON in UTF-8. */
export const Content = v.union([MessageContent, ReceiptContent]);
export type Content = v.InferOutput<typeof Content>;
export type TextBody = v.InferOutput<typeof TextBody>;
export type ReadBody = v.InferOutput<typeof ReadBody>;
export type UnknownBody = v.InferOutput<typeof UnknownBody>;
export type ChangeBody = v.InferOutput<typeof ChangeBody>;
export type MessageBody = TextBody | ReadBody | ChangeBody | UnknownBody;

/** What a history holds: a text, what this version does not know, or that it was taken back. */
export const KeptBody = v.union([TextBody, UnknownBody, v.object({ type: v.literal("recalled") })]);
export type KeptBody = v.InferOutput<typeof KeptBody>;
