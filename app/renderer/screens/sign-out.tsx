import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Switch } from "../components/field.tsx";
import type { AccountSlot } from "../model/account-slot.ts";
import { aboutSlot } from "./account-switcher.tsx";

/** Asks before an account is signed out, and whether its messages are to go as well. */
export function SignOut(props: { slot?: AccountSlot; onClose: () => void }): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const [forget, setForget] = useState(false);
  return (
    <Confirm
      title={t.settings.signOutTitle}
      text={forget ? t.settings.signOutForgetText : t.settings.signOutText}
      action={t.settings.signOut}
      onConfirm={() => app.attempt(() => app.signOut(forget, props.slot))}
      onClose={props.onClose}
    >
      <Switch
        label={t.settings.forget}
        hint={t.settings.forgetHint}
        checked={forget}
        onChange={setForget}
      />
    </Confirm>
  );
}

/** Asks before an account whose session is over is taken off the list, and what becomes of the rest. */
export function RemoveAccount(props: { slot: AccountSlot; onClose: () => void }): JSX.Element {
  const { slot, onClose } = props;
  const app = useApp();
  const { t } = useText();
  const [forget, setForget] = useState(false);
  return (
    <Confirm
      title={t.accounts.removeTitle(aboutSlot(slot).name)}
      text={forget ? t.accounts.removeForgetText : t.accounts.removeText}
      action={t.accounts.remove}
      onConfirm={() => app.attempt(() => app.signOut(forget, slot))}
      onClose={onClose}
    >
      <Switch label={t.accounts.removeForget} checked={forget} onChange={setForget} />
    </Confirm>
  );
}
