import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Group, GroupMember } from "../../../shared/chatkit/groups/groups-api.ts";
import { moveWithArrows } from "../components/arrow-keys.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import { asksForMenu, Menu, MenuItem } from "../components/menu.tsx";
import { Popover } from "../components/popover.tsx";
import { matchesText } from "../model/buddies.ts";
import { isOwner, mayInvite, mayRemove } from "../model/group-rights.ts";
import { InvitePeopleDialog } from "./group-dialogs.tsx";

/** With more people than that there is a search. */
const SEARCH_FROM = 9;
/** Rows that are drawn at once; of 500 people the others come when they are asked for. */
const PAGE = 50;

/** Who is in a group, what each may do, and what can be done about them. */
export function GroupMembers({ group }: { readonly group: Group }): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const [query, setQuery] = useState("");
  const [shown, setShown] = useState(PAGE);
  const [inviting, setInviting] = useState(false);
  const roster = account.roster.value;
  const found = useMemo(
    () =>
      group.members.filter(({ name, userId }) => {
        const profile = roster.get(userId)?.profile;
        const names = [account.nameOf(userId), name, profile?.userName ?? ""];
        return query.trim() === "" || matchesText(names, query);
      }),
    [group, roster, query],
  );
  return (
    <section class="details-section group-section" data-testid="group-members">
      <h3>{t.groups.members(group.members.length)}</h3>
      {mayInvite(group) && (
        <Button icon="addPerson" onClick={() => setInviting(true)}>
          {t.groups.invite}
        </Button>
      )}
      {group.members.length >= SEARCH_FROM && (
        <Field label={t.groups.searchMembers} icon="search" value={query} onText={setQuery} />
      )}
      <ul class="group-members" onKeyDown={(event) => moveWithArrows(event, ".row-main")}>
        {found.slice(0, shown).map((member) => (
          <MemberRow key={member.userId} group={group} member={member} />
        ))}
      </ul>
      {found.length === 0 && <p class="empty-text">{t.groups.nobody}</p>}
      {found.length > shown && (
        <Button onClick={() => setShown(shown + PAGE)}>
          {t.groups.moreMembers(found.length - shown)}
        </Button>
      )}
      {inviting && <InvitePeopleDialog group={group} onClose={() => setInviting(false)} />}
    </section>
  );
}

type Asked = "remove" | "hand-over";

function MemberRow(props: { readonly group: Group; readonly member: GroupMember }): JSX.Element {
  const { group, member } = props;
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const row = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<Asked>();
  const { role, userId } = member;
  const { conversationId } = group;
  const { groups } = account.kit;
  const entry = account.roster.value.get(userId);
  const isMe = userId === account.self.value?.profile.userId;
  const name = account.nameOf(userId);
  const items = isMe ? [] : memberItems();
  const words = (
    <>
      <Avatar id={userId} name={name} size={38} show={entry?.presence.show} />
      <span class="row-words">
        <span class="row-name">
          <bdi>{name}</bdi>
          {isMe && <span class="group-note"> {t.groups.you}</span>}
        </span>
        {entry === undefined && !isMe && <span class="row-text">{t.groups.noBuddy}</span>}
        {entry !== undefined && <bdi class="row-text">@{entry.profile.userName}</bdi>}
      </span>
      {role !== "member" && (
        <span class={role === "owner" ? "badge badge-warn" : "badge"}>{t.groups.roles[role]}</span>
      )}
    </>
  );

  function memberItems(): readonly JSX.Element[] {
    const then = (act: () => void) => (): void => {
      setOpen(false);
      act();
    };
    const change = (next: "admin" | "member") =>
      then(() => app.attempt(() => groups.setRole(conversationId, userId, next)));
    return [
      ...(entry?.state === "buddies"
        ? [
            <MenuItem
              key="write"
              icon="chats"
              label={t.groups.write(name)}
              onClick={then(() => app.attempt(() => account.openPeer(userId)))}
            />,
          ]
        : []),
      ...(isOwner(group)
        ? [
            <MenuItem
              key="role"
              icon="shield"
              label={role === "admin" ? t.groups.makeMember : t.groups.makeAdmin}
              onClick={change(role === "admin" ? "member" : "admin")}
            />,
            <MenuItem
              key="owner"
              icon="person"
              label={t.groups.handOver}
              onClick={then(() => setAsked("hand-over"))}
            />,
          ]
        : []),
      ...(mayRemove(group, member)
        ? [
            <MenuItem
              key="remove"
              icon="trash"
              danger
              label={t.groups.removeMember}
              onClick={then(() => setAsked("remove"))}
            />,
          ]
        : []),
    ];
  }

  return (
    <li class="row" data-testid="member" data-user={entry?.profile.userName ?? name}>
      {items.length === 0 ? (
        <div class="row-main">{words}</div>
      ) : (
        <button
          ref={row}
          type="button"
          class="row-main"
          aria-haspopup="dialog"
          title={t.groups.menuOf(name)}
          onClick={() => setOpen(true)}
          onContextMenu={(event) => {
            event.preventDefault();
            setOpen(true);
          }}
          onKeyDown={(event) => {
            if (!asksForMenu(event)) return;
            event.preventDefault();
            setOpen(true);
          }}
        >
          {words}
          <Icon name="more" size={18} />
        </button>
      )}
      {open && (
        <Popover anchor={row.current} label={t.groups.menuOf(name)} onClose={() => setOpen(false)}>
          <Menu>{items}</Menu>
        </Popover>
      )}
      {asked === "remove" && (
        <Confirm
          title={t.groups.removeTitle(name)}
          text={t.groups.removeText}
          action={t.groups.removeMember}
          onConfirm={() => app.attempt(() => groups.remove(conversationId, [userId]))}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === "hand-over" && (
        <Confirm
          title={t.groups.handOverTitle(name)}
          text={t.groups.handOverText}
          action={t.groups.handOver}
          onConfirm={() => app.attempt(() => groups.setRole(conversationId, userId, "owner"))}
          onClose={() => setAsked(undefined)}
        />
      )}
    </li>
  );
}
