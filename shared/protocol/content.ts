import * as v from "valibot";
import { FileId, MessageId, UserId } from "./ids.ts";
import {
  MAX_FILE_NAME_LENGTH,
  MAX_GROUP_MEMBERS,
  MAX_MENTIONS,
  MAX_TEXT_LENGTH,
  MAX_THUMBNAIL_BYTES,
  MAX_WAVEFORM_BYTES,
} from "./limits.ts";

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

/** A person named in a text: the UTF-16 code units from `start` on, e.g. those of `@Ada`. */
export const Mention = v.object({
  userId: UserId,
  start: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_TEXT_LENGTH)),
  length: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_TEXT_LENGTH)),
});
export type Mention = v.InferOutput<typeof Mention>;

const Mentions = v.pipe(v.array(Mention), v.minLength(1), v.maxLength(MAX_MENTIONS));

export const TextBody = v.object({
  type: v.literal("text"),
  text: Text,
  /** The message of the same conversation that this one answers. */
  replyTo: v.exactOptional(MessageId),
  mentions: v.exactOptional(Mentions),
  /** It was written in another conversation; by whom is not told. */
  forwarded: v.exactOptional(v.literal(true)),
});

/** Base64 of at most that many bytes. */
function base64(maxBytes: number) {
  return v.pipe(v.string(), v.base64(), v.maxLength(4 * Math.ceil(maxBytes / 3)));
}

const Pixels = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const Milliseconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/**
 * A file. Its content does not travel in the message: each device that wants it asks the sender's for
 * it, chunk by chunk (SPEC F), sealed with `key` as `crypto/chunked-seal.ts` says.
 */
export const FileBody = v.object({
  type: v.literal("file"),
  fileId: FileId,
  /** As its sender's system has it. Whoever saves it makes it safe for theirs. */
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_FILE_NAME_LENGTH)),
  /** What its sender takes it for (RFC 6838), e.g. `image/jpeg`. */
  mediaType: v.pipe(v.string(), v.maxLength(127), v.regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/)),
  /** Bytes. */
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  /** 32 random bytes, for this file alone. */
  key: v.pipe(base64(32), v.length(44)),
  /** The 24 bytes of the chunked seal's header. */
  header: v.pipe(base64(24), v.length(32)),
  /** SHA-256 of the content, where it was known when the message was sent. */
  sha256: v.exactOptional(v.pipe(base64(32), v.length(44))),
  caption: v.exactOptional(Text),
  replyTo: v.exactOptional(MessageId),
  forwarded: v.exactOptional(v.literal(true)),
  /** Of an image or a video: its size, and a small JPEG or WebP to show until it is here. */
  image: v.exactOptional(
    v.object({
      width: Pixels,
      height: Pixels,
      thumbnail: v.exactOptional(base64(MAX_THUMBNAIL_BYTES)),
    }),
  ),
  /** Of sound and film. */
  durationMs: v.exactOptional(Milliseconds),
  /** A voice message: loudness over its whole length, a byte for each equal part. */
  waveform: v.exactOptional(base64(MAX_WAVEFORM_BYTES)),
});
export type FileBody = v.InferOutput<typeof FileBody>;

/** One emoji as people choose it (Unicode Technical Standard 51, RGI_Emoji). */
export const Emoji = v.pipe(v.string(), v.maxLength(64), v.regex(/^\p{RGI_Emoji}$/v));

/** Its writer changes a text. */
const EditBody = v.object({
  type: v.literal("edit"),
  of: MessageId,
  text: Text,
  mentions: v.exactOptional(Mentions),
});

/** Its writer takes a message back, for everybody. */
const RecallBody = v.object({ type: v.literal("recall"), of: MessageId });

/** Somebody's reaction to a message, in place of the one before; none without `emoji`. */
const ReactionBody = v.object({
  type: v.literal("reaction"),
  of: MessageId,
  emoji: v.exactOptional(Emoji),
});

/** Somebody pins a message for everybody in the conversation, or takes the pin away. */
const PinBody = v.object({ type: v.literal("pin"), of: MessageId, pinned: v.boolean() });

/** Changes a message that is there already, and is none itself. */
export const ChangeBody = v.variant("type", [EditBody, RecallBody, ReactionBody, PinBody]);

/** Everything up to this message was seen by its reader. */
export const ReadBody = v.object({ type: v.literal("read"), upTo: MessageId });

/** To people who were just invited to a group: its `GroupNote` is all that it brings. Nobody sees it. */
export const GreetingBody = v.object({ type: v.literal("greeting") });

/** `recalled` stands in a history in place of what was taken back; nobody sends it. */
const KNOWN_TYPES = [
  "text",
  "file",
  "read",
  "edit",
  "recall",
  "reaction",
  "pin",
  "recalled",
  "membership",
  "greeting",
];

/** Anything a newer version sends: kept, and shown as something this version cannot show. */
export const UnknownBody = v.pipe(
  v.looseObject({
    type: v.pipe(v.string(), v.maxLength(64), v.notValues(KNOWN_TYPES)),
  }),
  v.check((body) => isShallow(body), "Nested too deeply."),
);

/** Levels of objects and lists in it: stores and JSON walk them one in another, on the stack. */
const MAX_UNKNOWN_DEPTH = 32;

function isShallow(body: object): boolean {
  let level: object[] = [body];
  for (let depth = 0; depth < MAX_UNKNOWN_DEPTH; depth += 1) {
    level = level.flatMap((one) => Object.values(one).filter(isObject));
    if (level.length === 0) return true;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Message ids that one receipt may name in each of its lists. */
export const MAX_RECEIPT_IDS = 256;

const ReceiptIds = v.pipe(v.array(MessageId), v.minLength(1), v.maxLength(MAX_RECEIPT_IDS));

/** What every message of a group carries for those who came in lately. */
export const GroupNote = v.object({
  /** 32 bytes, with which the group's name and picture are sealed; absent where its sender has it not yet. */
  key: v.exactOptional(v.pipe(base64(32), v.length(44))),
  /**
   * Statements of the membership log that its sender had read, and the SHA-256 of the last of them:
   * whoever has fewer reads on, and sees where the server shows two logs.
   */
  length: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  head: v.pipe(base64(32), v.length(44)),
});
export type GroupNote = v.InferOutput<typeof GroupNote>;

/** Sealed for the conversation's group; takes part in sequence, outbox and acknowledgement. */
export const MessageContent = v.object({
  kind: v.literal("message"),
  /** The other person in a conversation of two, so that one's own other devices can file it. */
  peer: v.exactOptional(UserId),
  /** In a group. Absent in a conversation of two. */
  group: v.exactOptional(GroupNote),
  at: HybridTime,
  body: v.union([TextBody, FileBody, ReadBody, GreetingBody, ChangeBody, UnknownBody]),
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

/**
 * Sealed for one device, sent once over an open link, and never kept: somebody writes in the
 * conversation, or has stopped.
 */
export const TypingContent = v.object({ kind: v.literal("typing"), active: v.boolean() });
export type TypingContent = v.InferOutput<typeof TypingContent>;

/** What is sealed for one device alone. */
export const DeviceContent = v.union([ReceiptContent, TypingContent]);

/** The plaintext inside an envelope: JSON in UTF-8. */
export const Content = v.union([MessageContent, ReceiptContent, TypingContent]);
export type Content = v.InferOutput<typeof Content>;
export type TextBody = v.InferOutput<typeof TextBody>;
export type ReadBody = v.InferOutput<typeof ReadBody>;
export type GreetingBody = v.InferOutput<typeof GreetingBody>;
export type UnknownBody = v.InferOutput<typeof UnknownBody>;
export type ChangeBody = v.InferOutput<typeof ChangeBody>;
export type MessageBody = TextBody | FileBody | ReadBody | GreetingBody | ChangeBody | UnknownBody;

/** What happened in a group, as its history tells it; nobody sends it: each device reads it in the log. */
export const MembershipNote = v.object({
  type: v.literal("membership"),
  change: v.picklist([
    "found",
    "invite",
    "remove",
    "leave",
    "role",
    "settings",
    "about",
    "link",
    "join",
    "dissolve",
  ]),
  by: UserId,
  /** Whom it is about: those invited or removed, or whose role is another. */
  people: v.exactOptional(v.pipe(v.array(UserId), v.maxLength(MAX_GROUP_MEMBERS))),
  role: v.exactOptional(v.picklist(["member", "admin", "owner"])),
});
export type MembershipNote = v.InferOutput<typeof MembershipNote>;

/** What a history holds: a text, a file, what this version does not know, or that it was taken back. */
export const KeptBody = v.union([
  TextBody,
  FileBody,
  UnknownBody,
  v.object({ type: v.literal("recalled") }),
  MembershipNote,
]);
export type KeptBody = v.InferOutput<typeof KeptBody>;
