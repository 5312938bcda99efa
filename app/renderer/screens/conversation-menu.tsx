import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Conversation } from "../../../shared/chatkit/api.ts";
import type { SettingsChange } from "../../../shared/chatkit/chatkit.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Menu, MenuItem } from "../components/menu.tsx";
import { Popover } from "../components/popover.tsx";
import { mutedUntil, muteTimes, muteUntil } from "../model/mute.ts";

export interface ConversationMenuProps {
  readonly conversation: Conversation;
  /** Gets the focus back. */
  readonly anchor: HTMLElement | null;
  /** Where the pointer asked for it. */
  readonly at?: { readonly x: number; readonly y: number } | undefined;
  readonly onClose: () => void;
}

/** What can be done with a conversation as a whole: pin, mark, mute, archive, block. */
export function ConversationMenu(props: ConversationMenuProps): JSX.Element {
  const { anchor, at, conversation, onClose } = props;
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [view, setView] = useState<"all" | "mute" | "block">("all");
  const { conversationId, peer, settings, unread } = conversation;
  const entry = peer === undefined ? undefined : account.roster.value.get(peer);
  const name = account.titleOf(conversation);
  const { conversations, roster } = account.kit;
  const then = (work: () => Promise<unknown>) => (): void => {
    onClose();
    app.attempt(work);
  };
  const configure = (change: SettingsChange): (() => void) =>
    then(() => conversations.configure(conversationId, change));
  const words = t.conversations;

  if (view === "block" && peer !== undefined) {
    return (
      <Confirm
        title={t.details.blockTitle(name)}
        text={t.details.blockText}
        action={t.details.block}
        onConfirm={() => app.attempt(() => roster.block(peer))}
        onClose={onClose}
      />
    );
  }
  if (view === "mute") {
    return (
      <Popover key="mute" anchor={anchor} at={at} label={words.muteTitle} onClose={onClose}>
        <p class="popover-title">{words.muteTitle}</p>
        <Menu>
          {muteTimes.map((time) => (
            <MenuItem
              key={time}
              label={
                {
                  hour: words.muteHour,
                  hours: words.muteHours,
                  morning: words.muteMorning,
                  always: words.muteAlways,
                }[time]
              }
              onClick={configure({ mutedUntil: muteUntil(time, Date.now()) })}
            />
          ))}
        </Menu>
      </Popover>
    );
  }
  const pinned = settings.pinned === true;
  const archived = settings.archived === true;
  const isUnread = unread > 0 || settings.markedUnread === true;
  const muted = mutedUntil(settings, Date.now()) !== undefined;
  return (
    <Popover key="all" anchor={anchor} at={at} label={words.menu(name)} onClose={onClose}>
      <Menu>
        <MenuItem
          icon="pin"
          label={pinned ? words.unpin : words.pin}
          onClick={configure({ pinned: !pinned })}
        />
        {isUnread ? (
          <MenuItem
            icon="check"
            label={words.markRead}
            onClick={then(() => conversations.markRead(conversationId))}
          />
        ) : (
          <MenuItem
            icon="unreadDot"
            label={words.markUnread}
            onClick={() => {
              // Whoever looks at it has read it: it is put away.
              if (account.open.peek()?.model.conversationId === conversationId) {
                account.closeConversation();
              }
              configure({ markedUnread: true })();
            }}
          />
        )}
        {muted ? (
          <MenuItem icon="bell" label={words.unmute} onClick={configure({ mutedUntil: 0 })} />
        ) : (
          <MenuItem icon="bellOff" label={words.mute} onClick={() => setView("mute")} />
        )}
        <MenuItem
          icon="archiveBox"
          label={archived ? words.unarchive : words.archive}
          onClick={configure({ archived: !archived })}
        />
        {entry?.state === "blocked" ? (
          <MenuItem
            icon="block"
            label={words.unblock(name)}
            onClick={then(() => roster.unblock(entry.profile.userId))}
          />
        ) : (
          entry !== undefined && (
            <MenuItem
              icon="block"
              label={words.block(name)}
              danger
              onClick={() => setView("block")}
            />
          )
        )}
      </Menu>
    </Popover>
  );
}
