import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Message } from "../../../shared/chatkit/api.ts";
import { MAX_FORWARDS } from "../../../shared/chatkit/limits.ts";
import type { RosterEntry, UserId } from "../../../shared/protocol/index.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { bodySummary } from "../model/body.ts";
import { entryName, matches } from "../model/buddies.ts";

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
  const [chosen, setChosen] = useState<readonly UserId[]>([]);
  const [busy, setBusy] = useState(false);
  const roster = account.roster.value;
  const talked = account.conversations.value
    .map(({ peer }) => peer)
    .filter((peer) => peer !== undefined);
  const people = [...new Set([...talked, ...roster.keys()])]
    .map((userId) => roster.get(userId))
    .filter((entry) => entry?.state === "buddies")
    .filter((entry) => entry !== undefined && matches(entry, query));

  const send = (): void => {
    setBusy(true);
    const { conversations } = account.kit;
    app.attempt(async () => {
      try {
        const all = await Promise.all(chosen.map((peer) => conversations.withPeer(peer)));
        const to = all.map(({ conversationId }) => conversationId);
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
          {people.map(
            (entry) =>
              entry !== undefined && (
                <Person
                  key={entry.profile.userId}
                  entry={entry}
                  checked={chosen.includes(entry.profile.userId)}
                  disabled={chosen.length >= MAX_FORWARDS}
                  onChange={(wanted) => {
                    const id = entry.profile.userId;
                    const others = chosen.filter((known) => known !== id);
                    setChosen(wanted ? [...others, id] : others);
                  }}
                />
              ),
          )}
          {people.length === 0 && <li class="empty-text">{t.conversations.forwardNobody}</li>}
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

function Person(props: {
  readonly entry: RosterEntry;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onChange: (checked: boolean) => void;
}): JSX.Element {
  const { checked, disabled, entry, onChange } = props;
  const name = entryName(entry);
  return (
    <li>
      <label class="forward-person">
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled && !checked}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <Avatar id={entry.profile.userId} name={name} size={36} />
        <bdi class="row-name">{name}</bdi>
      </label>
    </li>
  );
}
