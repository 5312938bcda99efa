import * as v from "valibot";
import { validMentions } from "../../../shared/chatkit/conversations/mentions.ts";
import {
  TextBody,
  type FileBody,
  type KeptBody,
  type Mention,
  type UserId,
} from "../../../shared/protocol/index.ts";
import type { Catalogue } from "../i18n/en.ts";
import { clockText } from "./clock-text.ts";
import { fileKind, safeName } from "./file-kind.ts";
import { fileBody } from "./files.ts";

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
