import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Avatar } from "../components/avatar.tsx";
import { Button, IconButton } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import type { Catalogue } from "../i18n/en.ts";
import { MAX_ACCOUNTS } from "../model/account-list.ts";
import type { AccountSlot, SlotState } from "../model/account-slot.ts";
import { shortcutWords } from "../model/shortcuts.ts";
import { aboutSlot } from "./account-switcher.tsx";
import { RemoveAccount, SignOut } from "./sign-out.tsx";

/** All accounts of this device: add one, sign one out. */
export function AccountsSection(): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const [leaving, setLeaving] = useState<AccountSlot>();
  const shown = app.shownSlot.value;
  const slots = app.slots.value;
  return (
    <>
      <p class="dialog-text">
        {t.accounts.text}
        {slots.length > 1 && ` ${t.accounts.keys(shortcutWords("accounts", app.platform.kind))}`}
      </p>
      <ul class="device-list">
        {slots.map((slot) => {
          const { id, name } = aboutSlot(slot);
          const state = slot.state.value;
          return (
            <li key={slot.key} class="device" data-testid="account-row">
              <Avatar id={id} name={name} size={40} />
              <div class="device-words">
                <p class="device-name">
                  <bdi>{name}</bdi>
                  {slot === shown && <span class="badge badge-good">{t.accounts.shown}</span>}
                </p>
                <p class="device-times">
                  <bdi>@{slot.remembered.userName}</bdi> · <bdi>{host(slot.remembered.server)}</bdi>
                  {slot !== shown && ` · ${stateWords(t, state)}`}
                </p>
              </div>
              <IconButton
                icon="signOut"
                label={
                  state.kind === "signed-out"
                    ? t.accounts.forgetSignedOut(name)
                    : t.accounts.signOut(name)
                }
                disabled={state.kind === "starting" || state.kind === "elsewhere"}
                onClick={() => setLeaving(slot)}
              />
            </li>
          );
        })}
      </ul>
      <div class="settings-form">
        <Button icon="addPerson" disabled={!app.mayAdd} onClick={() => app.addAccount()}>
          {t.accounts.add}
        </Button>
        <p class="field-note">
          {app.mayAdd ? t.accounts.addHint(MAX_ACCOUNTS) : t.accounts.full(MAX_ACCOUNTS)}
        </p>
      </div>
      {leaving !== undefined && <Leaving slot={leaving} onClose={() => setLeaving(undefined)} />}
    </>
  );
}

function Leaving(props: { slot: AccountSlot; onClose: () => void }): JSX.Element {
  // As it was when it was asked for: the session may end while the question is there.
  const [isOver] = useState(() => props.slot.state.peek().kind === "signed-out");
  return isOver ? <RemoveAccount {...props} /> : <SignOut {...props} />;
}

function stateWords(t: Catalogue, state: SlotState): string {
  switch (state.kind) {
    case "open":
      return t.accounts.open;
    case "elsewhere":
      return t.accounts.elsewhere;
    case "signed-out":
      return t.accounts.signedOut;
    case "starting":
      return t.accounts.starting;
  }
}

function host(server: string): string {
  return URL.parse(server)?.host ?? server;
}
