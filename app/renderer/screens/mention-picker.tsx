import type { JSX } from "preact";
import { Avatar } from "../components/avatar.tsx";
import { useText } from "../components/context.tsx";
import type { Member } from "../model/mentions.ts";

/** Whom the text could name; the text field keeps the focus and moves the choice. */
export function MentionPicker(props: {
  readonly id: string;
  readonly members: readonly Member[];
  readonly chosen: number;
  readonly onChoose: (member: Member) => void;
}): JSX.Element {
  const { t } = useText();
  return (
    <ul
      id={props.id}
      class="mention-picker"
      role="listbox"
      aria-label={t.conversations.mentionWhom}
    >
      {props.members.map((member, index) => (
        <li
          key={member.userId}
          id={`${props.id}-${index}`}
          role="option"
          aria-selected={index === props.chosen}
          class="mention-option"
          onMouseDown={(event) => {
            // The text field keeps the focus.
            event.preventDefault();
            props.onChoose(member);
          }}
        >
          <Avatar id={member.userId} name={member.displayName} size={28} />
          <bdi class="mention-name">{member.displayName}</bdi>
          <bdi class="mention-user">@{member.userName}</bdi>
        </li>
      ))}
    </ul>
  );
}
