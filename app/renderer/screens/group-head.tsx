import type { JSX } from "preact";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import { useAccount, useText } from "../components/context.tsx";
import { TypingWords } from "./typing-words.tsx";

/** The group above its conversation: how many are in it, and how many of one's buddies are there. */
export function GroupWords({ group }: { readonly group: Group }): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const { conversationId, members, standing } = group;
  const roster = account.roster.value;
  const online = members.filter(({ userId }) => {
    const show = roster.get(userId)?.presence.show;
    return show !== undefined && show !== "offline";
  }).length;
  return (
    <TypingWords conversationId={conversationId}>
      {standing === "member" ? t.groups.members(members.length) : t.groups.standing[standing]}
      {standing === "member" && online > 0 && (
        <span class="conversation-status"> · {t.groups.online(online)}</span>
      )}
    </TypingWords>
  );
}
