import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { formatInviteLink } from "../../shared/protocol/index.ts";
import { AppContext } from "./components/context.tsx";
import { ToastList } from "./components/toast-list.tsx";
import { useLook } from "./components/use-look.ts";
import { accountKey } from "./model/account-list.ts";
import type { AppModel } from "./model/app-model.ts";
import { shortcutOf } from "./model/shortcuts.ts";
import { AccountSwitcher } from "./screens/account-switcher.tsx";
import { LockScreen } from "./screens/app-lock.tsx";
import { MainScreen } from "./screens/main-screen.tsx";
import { OtherWindowScreen, StartingScreen } from "./screens/other-window.tsx";
import { SignInScreen } from "./screens/sign-in.tsx";

/** The whole user interface of one window. */
export function App({ model }: { model: AppModel }): JSX.Element {
  useSignalEffect(() => {
    document.documentElement.lang = model.settings.language.value;
    document.documentElement.dir = model.i18n.direction.value;
  });
  useLook(model.settings);
  useShortcuts(model);
  useEffect(() => {
    // The machine has a network again, or another one: what hangs on the old one is asked at once.
    const again = (): void => {
      for (const account of model.opened.peek()) account.kit.reconnectNow();
    };
    addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, [model]);
  const locked = model.lock.locked.value;
  const several = !locked && model.slots.value.length > 1;
  return (
    <AppContext.Provider value={model}>
      <div class={`window ${several ? "has-accounts" : ""}`}>
        {several && <AccountSwitcher />}
        <Screen model={model} />
      </div>
      {!locked && <ToastList />}
    </AppContext.Provider>
  );
}

function Screen({ model }: { model: AppModel }): JSX.Element {
  const phase = model.phase.value;
  switch (phase.kind) {
    case "starting":
      return <StartingScreen />;
    case "locked":
      return <LockScreen />;
    case "sign-in":
      // Another account is another form.
      return (
        <SignInScreen
          key={`${phase.account === undefined ? "" : accountKey(phase.account)} ${invited(model)}`}
          reason={phase.reason}
          account={phase.account}
        />
      );
    case "elsewhere":
      return <OtherWindowScreen account={phase.account} />;
    case "main":
      return <MainScreen key={model.slotOf(phase.account)?.key} account={phase.account} />;
  }
}

/** An invitation fills in another form. */
function invited(model: AppModel): string {
  const invite = model.links.invitation;
  return invite === undefined ? "" : formatInviteLink(invite);
}

/** What works wherever the focus is. */
function useShortcuts(model: AppModel): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const shortcut = shortcutOf(event, model.platform.kind);
      if (shortcut === undefined) return;
      if (shortcut.kind === "lock") {
        if (!model.lock.enabled.peek()) return;
        model.lock.engage();
      } else {
        const slot = model.slots.peek()[shortcut.index];
        if (slot === undefined || model.slots.peek().length < 2 || model.lock.locked.peek()) return;
        model.show(slot.key);
      }
      event.preventDefault();
    };
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, [model]);
}
