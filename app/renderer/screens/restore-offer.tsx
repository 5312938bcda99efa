import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { isAllowed } from "../platform/policy.ts";
import { RestoreDialog } from "./backup-dialog.tsx";

/** For who has people but not a word with them here: another device has the history. */
export function RestoreOffer(): JSX.Element | null {
  const { platform } = useApp();
  const { conversations, roster } = useAccount();
  const { t } = useText();
  const [asked, setAsked] = useState(false);
  const hasPeople = [...roster.value.values()].some(({ state }) => state === "buddies");
  const hasWords = conversations.value.some(({ last }) => last !== undefined);
  // What was restored ends the offer, and the dialog ends by itself.
  const offered = hasPeople && !hasWords && isAllowed(platform, "backup");
  if (!offered && !asked) return null;
  return (
    <div class="restore-offer">
      {offered && (
        <>
          <p class="welcome-hint">{t.welcome.elsewhere}</p>
          <Button icon="lock" onClick={() => setAsked(true)}>
            {t.welcome.restore}
          </Button>
        </>
      )}
      {asked && <RestoreDialog onClose={() => setAsked(false)} />}
    </div>
  );
}
