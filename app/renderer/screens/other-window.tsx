import type { JSX } from "preact";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Illustration } from "../components/illustrations.tsx";
import { LogoMark } from "../components/logo.tsx";
import type { RememberedAccount } from "../model/account-list.ts";

/** The account is open in another window of this browser. */
export function OtherWindowScreen({ account }: { account: RememberedAccount }): JSX.Element {
  const app = useApp();
  const { t } = useText();
  return (
    <main class="centered" data-testid="other-window">
      <Illustration name="windows" />
      <h1>{t.elsewhere.title}</h1>
      <p>{t.elsewhere.text}</p>
      <Button kind="primary" onClick={() => app.attempt(() => app.useHere(account))}>
        {t.elsewhere.use}
      </Button>
    </main>
  );
}

export function StartingScreen(): JSX.Element {
  const { t } = useText();
  return (
    <main class="centered starting" aria-busy="true">
      <LogoMark size={72} />
      <p role="status">{t.signIn.starting}</p>
    </main>
  );
}
