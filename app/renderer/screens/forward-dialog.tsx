import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Message } from "../../../shared/chatkit/api.ts";
import { MAX_FORWARDS } from "../../../shared/chatkit/limits.ts";
import type { ConversationId, RosterEntry } from "../../../shared/protocol/index.ts";
import { Avatar, GroupAvatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { bodySummary } from "../model/body.ts";
import type { AccountModel } from "../model/account-model.ts";
import { entryName, matchesText } from "../model/buddies.ts";
import { closedBy } from "../model/group-rights.ts";

/** Chooses to whom a message is sent on: those talked to last first. */
export function ForwardDialog(props: {
  readonly message: Message;
  readonly onClose: () => void;
}): JSX.Element {
  const { message, onClose } = props;
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const targets = useTargets().filter(({ texts }) => matchesText(texts, query));

  const send = (): void => {
    setBusy(true);
    app.attempt(async () => {
      try {
        const wanted = targetsOf(account).filter(({ key }) => chosen.includes(key));
        const to = await Promise.all(wanted.map(({ find }) => find()));
        await account.kit.forward(message.id, to);
        app.toasts.show("success", t.conversations.forwardDone(to.length));
        onClose();
      } finally {
        setBusy(false);
      }
    });
  };
  return (
    <Dialog title={t.conversations.forwardTitle} onClose={onClose}>
      <div class="dialog-body forward-body">
        <p class="forward-text" dir="auto">
          {bodySummary(t, message.body).slice(0, 200)}
        </p>
        <Field
          label={t.conversations.forwardSearch}
          icon="search"
          value={query}
          onText={setQuery}
          autofocus
          hint={
            chosen.length >= MAX_FORWARDS ? t.conversations.forwardMost(MAX_FORWARDS) : undefined
          }
        />
        <ul class="forward-people">
          {targets.map((target) => (
            <TargetRow
              key={target.key}
              target={target}
              checked={chosen.includes(target.key)}
              disabled={chosen.length >= MAX_FORWARDS}
              onChange={(wanted) => {
                const others = chosen.filter((known) => known !== target.key);
                setChosen(wanted ? [...others, target.key] : others);
              }}
            />
          ))}
          {targets.length === 0 && <li class="empty-text">{t.conversations.forwardNobody}</li>}
        </ul>
      </div>
      <footer class="dialog-foot">
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button
          kind="primary"
          icon="forward"
          busy={busy}
          disabled={chosen.length === 0}
          onClick={send}
        >
          {t.conversations.forwardTo(chosen.length)}
        </Button>
      </footer>
    </Dialog>
  );
}

interface Target {
  readonly key: string;
  readonly name: string;
  /** By which it is found. */
  readonly texts: readonly string[];
  readonly avatar: JSX.Element;
  readonly find: () => Promise<ConversationId>;
}

function useTargets(): readonly Target[] {
  return targetsOf(useAccount());
}

/** Where one may write: conversations as they are in the list, then the other buddies. */
function targetsOf(account: AccountModel): readonly Target[] {
  const roster = account.roster.value;
  const groups = account.groups.value;
  const listed = account.conversations.value.flatMap(({ conversationId, peer, title }) => {
    if (peer !== undefined) return buddyTarget(account, roster.get(peer));
    const group = groups.get(conversationId);
    if (group === undefined || closedBy(group) !== undefined) return [];
    const picture = group.about?.picture;
    return {
      key: conversationId,
      name: title,
      texts: [title],
      avatar: <GroupAvatar id={conversationId} name={title} picture={picture} size={36} />,
      find: async () => conversationId,
    };
  });
  const others = [...roster.values()].flatMap((entry) => buddyTarget(account, entry));
  const known = new Set(listed.map(({ key }) => key));
  return [...listed, ...others.filter(({ key }) => !known.has(key))];
}

function buddyTarget({ kit }: AccountModel, entry: RosterEntry | undefined): readonly Target[] {
  if (entry?.state !== "buddies") return [];
  const { displayName, userId, userName } = entry.profile;
  const name = entryName(entry);
  return [
    {
      key: userId,
      name,
      texts: [name, displayName, userName],
      avatar: <Avatar id={userId} name={name} size={36} />,
      find: async () => (await kit.conversations.withPeer(userId)).conversationId,
    },
  ];
}

function TargetRow(props: {
  readonly target: Target;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onChange: (checked: boolean) => void;
}): JSX.Element {
  const { checked, disabled, target, onChange } = props;
  return (
    <li>
      <label class="forward-person">
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled && !checked}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        {target.avatar}
        <bdi class="row-name">{target.name}</bdi>
      </label>
    </li>
  );
}
