import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ChatKitError } from "../../../shared/chatkit/api.ts";
import { limits } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { PasswordField } from "../components/field.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import { errorText } from "../model/errors.ts";

type Entry = "current" | "next" | "repeat";
const blank: Readonly<Record<Entry, string>> = { current: "", next: "", repeat: "" };

export function PasswordSection(): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [entries, setEntries] = useState(blank);
  const [errors, setErrors] = useState<Partial<Record<Entry, string>>>({});
  const [busy, setBusy] = useState(false);
  const set = (entry: Entry) => (text: string) => {
    setEntries((before) => ({ ...before, [entry]: text }));
    setErrors({});
  };

  async function submit(): Promise<void> {
    const { current, next, repeat } = entries;
    const found: Partial<Record<Entry, string>> = {};
    if (current === "") found.current = t.signIn.required;
    if (next.length < limits.MIN_PASSWORD_LENGTH) {
      found.next = t.signIn.passwordShort(limits.MIN_PASSWORD_LENGTH);
    } else if (next !== repeat) found.repeat = t.settings.passwordsDiffer;
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await kit.changePassword(current, next);
      setEntries(blank);
      app.toasts.show("success", t.settings.passwordChanged);
    } catch (error) {
      if (error instanceof ChatKitError && error.reason === "wrong-credential") {
        setErrors({ current: errorText(t, error) });
      } else app.fail(error);
    }
    setBusy(false);
  }

  return (
    <form
      class="settings-form"
      noValidate
      onSubmit={(event) => {
        const form = event.currentTarget;
        event.preventDefault();
        void submit().then(() => focusInvalid(form));
      }}
    >
      <PasswordField
        label={t.settings.currentPassword}
        autocomplete="current-password"
        value={entries.current}
        onText={set("current")}
        error={errors.current}
      />
      <PasswordField
        label={t.settings.newPassword}
        autocomplete="new-password"
        value={entries.next}
        onText={set("next")}
        error={errors.next}
        hint={t.signIn.passwordHint(limits.MIN_PASSWORD_LENGTH)}
      />
      <PasswordField
        label={t.settings.repeatPassword}
        autocomplete="new-password"
        value={entries.repeat}
        onText={set("repeat")}
        error={errors.repeat}
      />
      <Button kind="primary" type="submit" busy={busy}>
        {t.settings.changePassword}
      </Button>
    </form>
  );
}
