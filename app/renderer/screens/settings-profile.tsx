import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { limits } from "../../../shared/protocol/index.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Field } from "../components/field.tsx";
import { SignOut } from "./sign-out.tsx";

export function ProfileSection(): JSX.Element | null {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const self = account.self.value;
  const [name, setName] = useState(self?.profile.displayName ?? "");
  const [leaving, setLeaving] = useState(false);
  if (self === undefined) return null;
  const { profile } = self;
  const changed = name.trim() !== "" && name.trim() !== profile.displayName;
  return (
    <>
      <div class="profile">
        <Avatar id={profile.userId} name={profile.displayName} size={72} />
        <div class="profile-words">
          <bdi class="details-name">{profile.displayName}</bdi>
          <bdi class="details-user">@{profile.userName}</bdi>
        </div>
      </div>
      <form
        class="settings-form"
        onSubmit={(event) => {
          event.preventDefault();
          app.attempt(async () => {
            await account.kit.setDisplayName(name.trim());
            app.toasts.show("success", t.common.saved);
          });
        }}
      >
        <Field
          label={t.settings.displayName}
          maxLength={limits.MAX_DISPLAY_NAME_LENGTH}
          value={name}
          onText={setName}
          hint={t.signIn.displayNameHint}
        />
        <Button kind="primary" type="submit" disabled={!changed}>
          {t.common.save}
        </Button>
      </form>
      <div class="settings-foot">
        <Button kind="danger-quiet" icon="signOut" onClick={() => setLeaving(true)}>
          {t.settings.signOut}
        </Button>
      </div>
      {leaving && <SignOut onClose={() => setLeaving(false)} />}
    </>
  );
}
