import type { JSX } from "preact";
import * as v from "valibot";
import type { Message } from "../../../shared/chatkit/api.ts";
import { validMentions } from "../../../shared/chatkit/conversations/mentions.ts";
import { TextBody, type KeptBody, type Mention } from "../../../shared/protocol/index.ts";
import { useAccount, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { RichText } from "../components/rich-text.tsx";
import { bodySummary, bodyText } from "../model/body.ts";
import { fileBody } from "../model/files.ts";
import { FileMessage } from "./file-message.tsx";
import { LinkPreviewCard } from "./link-preview.tsx";

/** What a message says. */
export function MessageBody({ message }: { readonly message: Message }): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const { body } = message;
  const text = bodyText(body);
  const file = fileBody(body);
  const me = account.self.value?.profile.userId;
  return (
    <>
      {isForwarded(body) && (
        <p class="forwarded" data-testid="forwarded">
          <Icon name="forward" size={14} /> {t.conversations.forwarded}
        </p>
      )}
      {file !== undefined ? (
        <FileMessage message={message} body={file} />
      ) : (
        <div class="bubble-text" dir="auto" data-testid="message-text">
          {text === undefined ? (
            <em class="bubble-unknown">{bodySummary(t, body)}</em>
          ) : (
            <RichText
              text={text}
              mentions={mentionsOf(body, account.open.value?.peer, me)}
              me={me}
            />
          )}
        </div>
      )}
      {text !== undefined && <LinkPreviewCard text={text} />}
    </>
  );
}

/** Whom the text names, of those who are in the conversation. */
function mentionsOf(
  body: KeptBody,
  ...members: readonly (Mention["userId"] | undefined)[]
): readonly Mention[] {
  const parsed = v.safeParse(TextBody, body);
  if (!parsed.success || parsed.output.mentions === undefined) return [];
  const { mentions, text } = parsed.output;
  return validMentions(text, mentions, (userId) => members.includes(userId));
}

function isForwarded(body: KeptBody): boolean {
  return "forwarded" in body && body.forwarded === true && body.type !== "recalled";
}
