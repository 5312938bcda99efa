import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import { GroupAvatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Switch } from "../components/field.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { isOwner, mayManage } from "../model/group-rights.ts";
import { DetailsPanel } from "./details-panel.tsx";
import { ThisChat } from "./details.tsx";
import { EditGroupDialog } from "./group-dialogs.tsx";
import { GroupLinkSection } from "./group-link.tsx";
import { GroupMembers } from "./group-members.tsx";
import { HistoryDetails } from "./history-details.tsx";

/** What a group is, who is in it, and what can be done about it. */
export function GroupDetails(props: {
  readonly model: ConversationModel;
  readonly onClose: () => void;
}): JSX.Element {
  const { model, onClose } = props;
  const account = useAccount();
  const { conversationId } = model;
  const group = account.groups.value.get(conversationId);
  const conversation = account.conversations.value.find(
    (one) => one.conversationId === conversationId,
  );
  const name = conversation?.title ?? "";
  return (
    <DetailsPanel onClose={onClose}>
      <div class="details-body" data-testid="group-details">
        <About group={group} conversationId={conversationId} name={name} />
        {conversation !== undefined && <ThisChat conversation={conversation} />}
        {group !== undefined && group.standing !== "dissolved" && <GroupMembers group={group} />}
        {group !== undefined && mayManage(group) && (
          <>
            <GroupLinkSection group={group} />
            <Settings group={group} />
          </>
        )}
        <HistoryDetails model={model} name={name} />
        {group?.standing === "member" && <Danger group={group} name={name} />}
      </div>
    </DetailsPanel>
  );
}

function About(props: {
  readonly group: Group | undefined;
  readonly conversationId: string;
  readonly name: string;
}): JSX.Element {
  const { conversationId, group, name } = props;
  const { t } = useText();
  const [editing, setEditing] = useState(false);
  return (
    <div class="details-who">
      <GroupAvatar id={conversationId} name={name} picture={group?.about?.picture} size={88} />
      <p class="details-name">
        <bdi>{name}</bdi>
      </p>
      <p class="details-presence">
        {group?.standing === "member"
          ? t.groups.members(group.members.length)
          : t.groups.standing[group?.standing ?? "left"]}
      </p>
      {group?.about?.description !== undefined && (
        <p class="group-description" dir="auto">
          {group.about.description}
        </p>
      )}
      {group !== undefined && mayManage(group) && (
        <Button kind="quiet" icon="pencil" onClick={() => setEditing(true)}>
          {t.groups.edit}
        </Button>
      )}
      {editing && group !== undefined && (
        <EditGroupDialog group={group} onClose={() => setEditing(false)} />
      )}
    </div>
  );
}

function Settings({ group }: { readonly group: Group }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const { announcements, conversationId, membersInvite } = group;
  return (
    <section class="details-section group-section" data-testid="group-settings">
      <h3>{t.groups.settings}</h3>
      <Switch
        label={t.groups.announcements}
        hint={t.groups.announcementsHint}
        checked={announcements}
        onChange={(wanted) =>
          app.attempt(() => kit.groups.configure(conversationId, { announcements: wanted }))
        }
      />
      <Switch
        label={t.groups.membersInvite}
        hint={t.groups.membersInviteHint}
        checked={membersInvite}
        onChange={(wanted) =>
          app.attempt(() => kit.groups.configure(conversationId, { membersInvite: wanted }))
        }
      />
    </section>
  );
}

function Danger({ group, name }: { readonly group: Group; readonly name: string }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [asked, setAsked] = useState<"leave" | "dissolve">();
  const { conversationId } = group;
  const owner = isOwner(group);
  const close = (): void => setAsked(undefined);
  return (
    <section class="details-section details-danger">
      {owner ? (
        <>
          <p class="dialog-text">{t.groups.leaveOwner}</p>
          <Button kind="danger-quiet" icon="trash" onClick={() => setAsked("dissolve")}>
            {t.groups.dissolve}
          </Button>
        </>
      ) : (
        <Button kind="danger-quiet" icon="signOut" onClick={() => setAsked("leave")}>
          {t.groups.leave}
        </Button>
      )}
      {asked === "leave" && (
        <Confirm
          title={t.groups.leaveTitle(name)}
          text={t.groups.leaveText}
          action={t.groups.leave}
          onConfirm={() => app.attempt(() => kit.groups.leave(conversationId))}
          onClose={close}
        />
      )}
      {asked === "dissolve" && (
        <Confirm
          title={t.groups.dissolveTitle(name)}
          text={t.groups.dissolveText}
          action={t.groups.dissolve}
          onConfirm={() => app.attempt(() => kit.groups.dissolve(conversationId))}
          onClose={close}
        />
      )}
    </section>
  );
}
