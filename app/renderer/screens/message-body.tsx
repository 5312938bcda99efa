import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Message } from "../../../shared/chatkit/api.ts";
import { EVERYBODY } from "../../../shared/chatkit/conversations/mentions.ts";
import type { ConversationId, KeptBody, UserId } from "../../../shared/protocol/index.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { RichText } from "../components/rich-text.tsx";
import { bodySummary, bodyText, mentionsOf } from "../model/body.ts";
import { fileBody } from "../model/files.ts";
import { FileMessage } from "./file-message.tsx";
import { LinkPreviewCard } from "./link-preview.tsx";

/** What a message says. */
export function MessageBody({ message }: { readonly message: Message }): JSX.Element {
  const account = useAccount();
  const app = useApp();
  const { t } = useText();
  const { body } = message;
  const text = bodyText(body);
  const file = fileBody(body);
  const me = account.self.value?.profile.userId;
  const named = useNamed(message.conversationId);
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
        <div
          class="bubble-text"
          dir="auto"
          data-testid="message-text"
          onClick={(event) => {
            // A link into a group is opened here, not in a browser.
            const anchor = event.target instanceof Element ? event.target.closest("a") : null;
            if (anchor !== null && app.links.offerGroup(anchor.href)) event.preventDefault();
          }}
        >
          {text === undefined ? (
            <em class="bubble-unknown">{bodySummary(t, body)}</em>
          ) : (
            <RichText text={text} mentions={mentionsOf(body, (id) => named.has(id))} me={me} />
          )}
        </div>
      )}
      {text !== undefined && <LinkPreviewCard text={text} />}
    </>
  );
}

/** Who can be mentioned there. */
function useNamed(conversationId: ConversationId): ReadonlySet<UserId> {
  const account = useAccount();
  const group = account.groups.value.get(conversationId);
  const me = account.self.value?.profile.userId;
  const peer = account.open.value?.peer;
  return useMemo(
    () =>
      new Set(
        [
          me,
          peer,
          ...(group === undefined ? [] : [EVERYBODY, ...group.members.map((one) => one.userId)]),
        ].filter((userId) => userId !== undefined),
      ),
    [me, peer, group],
  );
}

function isForwarded(body: KeptBody): boolean {
  return "forwarded" in body && body.forwarded === true && body.type !== "recalled";
}
