import * as v from "valibot";
import { validMentions } from "../../../shared/chatkit/conversations/mentions.ts";
import {
  MembershipNote,
  TextBody,
  type FileBody,
  type KeptBody,
  type Mention,
  type UserId,
} from "../../../shared/protocol/index.ts";
import type { Conversation } from "../../../shared/chatkit/api.ts";
import type { Catalogue } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";
import type { AccountModel } from "./account-model.ts";
import { clockText } from "./clock-text.ts";
import { fileKind, safeName } from "./file-kind.ts";
import { fileBody } from "./files.ts";
import { membershipText, type GroupReader } from "./group-words.ts";

/** The text of a body, or undefined where this version cannot show it. */
export function bodyText(body: KeptBody): string | undefined {
  return body.type === "text" && "text" in body && typeof body.text === "string"
    ? body.text
    : undefined;
}

/** Whom the text really names, in order; of the members alone. */
export function mentionsOf(
  body: KeptBody,
  isMember: (userId: UserId) => boolean,
): readonly Mention[] {
  if (!("mentions" in body)) return [];
  const parsed = v.safeParse(TextBody, body);
  if (!parsed.success) return [];
  return validMentions(parsed.output.text, parsed.output.mentions, isMember);
}

/** What stands for a message in a list, a quote or a notification. */
export function bodySummary(t: Catalogue, body: KeptBody): string {
  if (body.type === "recalled") return t.chat.recalled;
  const file = fileBody(body);
  if (file !== undefined) return fileSummary(t, file);
  return bodyText(body) ?? t.chat.unknownBody;
}

/** What was said last in a conversation; in a group with who said it. */
export function summaryIn(
  t: Catalogue,
  format: Format,
  account: AccountModel,
  { last, peer }: Conversation,
): string {
  if (last === undefined) return "";
  const { body, from, own } = last;
  const note = membershipNote(body);
  if (note !== undefined) return membershipText(t, format, note, readerOf(account));
  const text = bodySummary(t, body);
  if (peer !== undefined) return text;
  if (own) return t.groups.summaryOwn(text);
  return from === undefined ? text : t.groups.summary(account.nameOf(from), text);
}

/** What happened in a group; undefined for what somebody said. */
export function membershipNote(body: KeptBody): MembershipNote | undefined {
  const note = body.type === "membership" ? v.safeParse(MembershipNote, body) : undefined;
  return note?.success === true ? note.output : undefined;
}

/** By whom it is read. */
export function readerOf(account: AccountModel): GroupReader {
  return {
    me: account.self.value?.profile.userId,
    nameOf: (userId) => account.nameOf(userId),
  };
}

function fileSummary(t: Catalogue, body: FileBody): string {
  if (body.caption !== undefined) return body.caption;
  switch (fileKind(body)) {
    case "image":
      return t.files.photo;
    case "video":
      return t.files.video;
    case "voice":
      return body.durationMs === undefined
        ? t.files.voice
        : t.files.voiceOf(clockText(body.durationMs));
    case "audio":
    case "file":
      return safeName(body.name);
  }
}
