import type { JSX } from "preact";
import { Avatar } from "../components/avatar.tsx";
import { IconButton } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Tooltip } from "../components/tooltip.tsx";
import type { AccountSlot } from "../model/account-slot.ts";

/** The accounts beside the screen of the one that is shown; only where there are several. */
export function AccountSwitcher(): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const shown = app.shownSlot.value;
  return (
    <nav class="accounts" aria-label={t.accounts.label} data-testid="accounts">
      <ul class="accounts-list">
        {app.slots.value.map((slot) => (
          <li key={slot.key}>
            <AccountCell slot={slot} shown={slot === shown} onShow={() => app.show(slot.key)} />
          </li>
        ))}
      </ul>
      {app.mayAdd && (
        <IconButton
          icon="addPerson"
          label={t.accounts.add}
          aria-current={shown === undefined ? "page" : undefined}
          onClick={() => app.addAccount()}
        />
      )}
    </nav>
  );
}

function AccountCell(props: {
  slot: AccountSlot;
  shown: boolean;
  onShow: () => void;
}): JSX.Element {
  const { slot, shown, onShow } = props;
  const { t } = useText();
  const { name, id, unread, account } = aboutSlot(slot);
  const words = t.accounts.show(name, unread);
  const online = account?.connection.value.state === "online";
  return (
    <Tooltip text={words} asLabel>
      <button
        type="button"
        class="account-cell"
        aria-label={words}
        aria-current={shown ? "page" : undefined}
        data-testid="account"
        data-user={slot.remembered.userName}
        onClick={onShow}
      >
        <Avatar
          id={id}
          name={name}
          size={40}
          show={online ? account?.self.value?.show : "offline"}
        />
        {unread > 0 && (
          <span class="count" aria-hidden="true">
            {unread > 99 ? "99+" : unread}
          </span>
        )}
      </button>
    </Tooltip>
  );
}

/** What is shown of an account: of one that is not open, as much as is remembered. */
export function aboutSlot(slot: AccountSlot) {
  const { account, remembered } = slot;
  const profile = account?.self.value?.profile;
  return {
    account,
    id: profile?.userId ?? slot.key,
    name: profile?.displayName ?? remembered.userName,
    unread: account?.unread.value ?? 0,
  };
}
