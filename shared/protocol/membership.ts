import * as v from "valibot";
import { ConversationId, DeviceId, MessageId } from "./ids.ts";
import * as limits from "./limits.ts";
import { Base64 } from "./model.ts";

function bytes(maxBytes: number) {
  return v.pipe(Base64, v.minLength(4), v.maxLength(Math.ceil(maxBytes / 3) * 4));
}

/** One statement of a group's membership log (`crypto/membership-log.ts`). */
export const MembershipStatementBytes = bytes(limits.MAX_MEMBERSHIP_STATEMENT_BYTES);

/** A group's name, description and picture, sealed: the server reads none of it. */
export const GroupAboutBytes = bytes(limits.MAX_GROUP_ABOUT_BYTES);

/** Statements in a log. */
export const MembershipLength = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What the server knows of a group's log, from a statement's index on. */
export const MembershipView = v.object({
  statements: v.pipe(v.array(MembershipStatementBytes), v.maxLength(limits.MEMBERSHIP_PAGE)),
  /** Of the whole log, as far as this account may read it: to the end of its own membership. */
  length: MembershipLength,
  /** With the last page: what the newest `about` statement names. */
  about: v.exactOptional(GroupAboutBytes),
});
export type MembershipView = v.InferOutput<typeof MembershipView>;

/** A group as its link shows it, for somebody who is not in it. `proof`: `groupLinkProof`. */
export const GroupLinkProof = v.object({
  publicKey: v.pipe(Base64, v.length(44)),
  proof: v.pipe(Base64, v.length(88)),
});
export type GroupLinkProof = v.InferOutput<typeof GroupLinkProof>;

/**
 * One sealed message for many devices. The server makes of it the envelopes that they would have got
 * one by one (`envelope.ts`): the sealed part is the same for all.
 */
export const MailboxPost = v.object({
  id: MessageId,
  conversationId: ConversationId,
  sequence: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffff_ffff)),
  to: v.pipe(
    v.array(
      v.object({
        deviceId: DeviceId,
        after: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff)),
      }),
    ),
    v.minLength(1),
    v.maxLength(limits.MAILBOX_POST_DEVICES),
  ),
  sealed: bytes(limits.MAX_ENVELOPE_BYTES),
});
export type MailboxPost = v.InferOutput<typeof MailboxPost>;
