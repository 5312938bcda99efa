import type { JSX } from "preact";
import type { Conversation } from "../../../shared/chatkit/api.ts";
import { Avatar, GroupAvatar } from "../components/avatar.tsx";
import { useAccount } from "../components/context.tsx";

/** Whom a conversation is with, or the group, as a picture. */
export function ConversationAvatar(props: {
  readonly conversation: Pick<Conversation, "conversationId" | "peer" | "title">;
  readonly size?: number;
  /** With a person's presence. */
  readonly show?: boolean;
}): JSX.Element {
  const { conversation, size = 44, show = false } = props;
  const account = useAccount();
  const { conversationId, peer } = conversation;
  const name = account.titleOf(conversation);
  if (peer === undefined) {
    const picture = account.groups.value.get(conversationId)?.about?.picture;
    return <GroupAvatar id={conversationId} name={name} picture={picture} size={size} />;
  }
  const presence = show ? account.roster.value.get(peer)?.presence.show : undefined;
  return <Avatar id={peer} name={name} size={size} show={presence} />;
}
