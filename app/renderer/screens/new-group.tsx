import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { UserId } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import { AboutFields, aboutOf, type AboutDraft } from "./group-about-fields.tsx";
import { PeopleChooser } from "./people-chooser.tsx";

/** Founds a group: what it is called, and who is in it. */
export function NewGroupDialog(props: {
  /** Rather comes into one that is there. */
  readonly onJoin: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { onClose, onJoin } = props;
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [draft, setDraft] = useState<AboutDraft>({ name: "", description: "", picture: undefined });
  const [chosen, setChosen] = useState<readonly UserId[]>([]);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const me = account.self.value?.profile.userId;

  async function submit(): Promise<void> {
    if (draft.name.trim() === "") {
      setError(t.groups.nameMissing);
      return;
    }
    setBusy(true);
    try {
      const { conversationId } = await account.kit.groups.found({
        ...aboutOf(draft),
        members: chosen,
      });
      onClose();
      await account.openConversation(conversationId);
    } catch (failure) {
      app.fail(failure);
      setBusy(false);
    }
  }

  return (
    <Dialog title={t.groups.newGroup} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          const form = event.currentTarget;
          event.preventDefault();
          void submit().then(() => focusInvalid(form));
        }}
      >
        <div class="dialog-body" data-testid="new-group">
          <p>
            <button type="button" class="link-button" onClick={onJoin}>
              {t.groups.haveLink}
            </button>
          </p>
          <AboutFields
            id="new"
            draft={draft}
            error={error}
            onChange={(next) => {
              setDraft(next);
              setError(undefined);
            }}
          />
          <PeopleChooser
            chosen={chosen}
            present={me === undefined ? [] : [me]}
            onChange={setChosen}
          />
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button kind="primary" type="submit" icon="people" busy={busy}>
            {busy ? t.groups.creating : t.groups.create}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
