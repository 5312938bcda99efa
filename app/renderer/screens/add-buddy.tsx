import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { parseGroupLink } from "../../../shared/chatkit/groups/group-link.ts";
import { UserName } from "../../../shared/protocol/index.ts";
import * as v from "valibot";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import { Illustration } from "../components/illustrations.tsx";
import { entryName } from "../model/buddies.ts";
import { errorText } from "../model/errors.ts";

export interface AddBuddyProps {
  /** The name that a link gave. */
  readonly initial?: string;
  readonly onClose: () => void;
}

export function AddBuddyDialog({ initial = "", onClose }: AddBuddyProps): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [userName, setUserName] = useState(initial);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [copied, setCopied] = useState(false);
  const own = account.self.value?.profile.userName ?? "";

  async function submit(): Promise<void> {
    if (!v.safeParse(UserName, userName).success) {
      setError(userName.trim() === "" ? t.signIn.required : t.signIn.userNameInvalid);
      return;
    }
    setBusy(true);
    try {
      const entry = await account.kit.roster.add(userName.trim());
      const name = entryName(entry);
      app.toasts.show(
        "success",
        entry.state === "buddies" ? t.addBuddy.accepted(name) : t.addBuddy.sent(name),
      );
      onClose();
    } catch (failure) {
      setError(errorText(t, failure));
      setBusy(false);
    }
  }

  return (
    <Dialog title={t.addBuddy.title} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          const form = event.currentTarget;
          event.preventDefault();
          void submit().then(() => focusInvalid(form));
        }}
      >
        <div class="dialog-body">
          <Illustration name="buddies" />
          <p class="dialog-text">{t.addBuddy.text}</p>
          <Field
            label={t.addBuddy.userName}
            icon="person"
            autofocus
            value={userName}
            onText={(text) => {
              // Somebody was given the link of a group, and looks for where to put it.
              if (parseGroupLink(text) !== undefined) {
                onClose();
                app.links.offerGroup(text.trim());
                return;
              }
              setUserName(text);
              setError(undefined);
            }}
            error={error}
          />
          <div class="own-name">
            <span>
              {t.addBuddy.yourName}: <bdi class="own-name-value">{own}</bdi>
            </span>
            <Button
              kind="quiet"
              icon={copied ? "check" : "copy"}
              onClick={() =>
                app.attempt(async () => {
                  await navigator.clipboard.writeText(own);
                  setCopied(true);
                })
              }
            >
              {copied ? t.addBuddy.copied : t.addBuddy.copy}
            </Button>
          </div>
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {busy ? t.addBuddy.busy : t.addBuddy.submit}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
