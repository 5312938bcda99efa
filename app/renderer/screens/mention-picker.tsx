import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { EVERYBODY } from "../../../shared/chatkit/conversations/mentions.ts";
import { Avatar } from "../components/avatar.tsx";
import { useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import type { Member } from "../model/mentions.ts";

/** Between the list and the text field below it, CSS pixels. */
const GAP = 8;

/** Whom the text could name; the text field keeps the focus and moves the choice. */
export function MentionPicker(props: {
  readonly id: string;
  readonly members: readonly Member[];
  readonly chosen: number;
  readonly onChoose: (member: Member) => void;
}): JSX.Element {
  const { chosen, id, members, onChoose } = props;
  const { t } = useText();
  const place = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null || place.current === null) return;
    // In the top layer: nothing of the page moves away from under a press.
    element.showPopover();
    const { bottom, left } = place.current.getBoundingClientRect();
    element.style.left = `${left}px`;
    element.style.top = `${bottom - element.getBoundingClientRect().height - GAP}px`;
  }, [members.length]);
  useLayoutEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <div ref={place}>
      <ul
        ref={list}
        id={id}
        popover="manual"
        class="mention-picker"
        role="listbox"
        aria-label={t.conversations.mentionWhom}
      >
        {members.map((member, index) => (
          <li
            key={member.userId}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            class="mention-option"
            onMouseDown={(event) => {
              // The text field keeps the focus.
              event.preventDefault();
              onChoose(member);
            }}
          >
            {member.userId === EVERYBODY ? (
              <span class="mention-all">
                <Icon name="people" size={18} />
              </span>
            ) : (
              <Avatar id={member.userId} name={member.displayName} size={28} />
            )}
            <bdi class="mention-name">{member.displayName}</bdi>
            <bdi class="mention-user">
              {member.hint ?? (member.userName === "" ? "" : `@${member.userName}`)}
            </bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}
