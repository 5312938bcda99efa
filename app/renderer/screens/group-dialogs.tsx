import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import type { UserId } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import { AboutFields, aboutOf, type AboutDraft } from "./group-about-fields.tsx";
import { PeopleChooser } from "./people-chooser.tsx";

interface GroupDialogProps {
  readonly group: Group;
  readonly onClose: () => void;
}

/** Another name, picture or description. */
export function EditGroupDialog({ group, onClose }: GroupDialogProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const { about, conversationId } = group;
  const [draft, setDraft] = useState<AboutDraft>({
    name: about?.name ?? "",
    description: about?.description ?? "",
    picture: about?.picture,
  });
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(): Promise<void> {
    if (draft.name.trim() === "") {
      setError(t.groups.nameMissing);
      return;
    }
    setBusy(true);
    try {
      await kit.groups.setAbout(conversationId, aboutOf(draft));
      onClose();
    } catch (failure) {
      app.fail(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={t.groups.editTitle} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          const form = event.currentTarget;
          event.preventDefault();
          void submit().then(() => focusInvalid(form));
        }}
      >
        <div class="dialog-body">
          <AboutFields
            id={conversationId}
            draft={draft}
            error={error}
            onChange={(next) => {
              setDraft(next);
              setError(undefined);
            }}
          />
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t.common.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** More people for a group. */
export function InvitePeopleDialog({ group, onClose }: GroupDialogProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [chosen, setChosen] = useState<readonly UserId[]>([]);
  const [busy, setBusy] = useState(false);
  const submit = (): void => {
    setBusy(true);
    app.attempt(async () => {
      try {
        await kit.groups.invite(group.conversationId, chosen);
        app.toasts.show("success", t.groups.invited(chosen.length));
        onClose();
      } finally {
        setBusy(false);
      }
    });
  };
  return (
    <Dialog
      title={t.groups.inviteTitle(group.about?.name ?? t.groupLinks.unnamed)}
      onClose={onClose}
    >
      <div class="dialog-body">
        <p class="dialog-text">{t.groups.inviteHint}</p>
        <PeopleChooser
          chosen={chosen}
          present={group.members.map(({ userId }) => userId)}
          autofocus
          onChange={setChosen}
        />
      </div>
      <footer class="dialog-foot">
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button
          kind="primary"
          icon="addPerson"
          busy={busy}
          disabled={chosen.length === 0}
          onClick={submit}
        >
          {t.groups.inviteDo(chosen.length)}
        </Button>
      </footer>
    </Dialog>
  );
}
