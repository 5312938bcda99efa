import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { isAllowed } from "../platform/policy.ts";
import { RestoreDialog } from "./backup-dialog.tsx";

/** For who has other devices and not a word here: the history is on one of those. */
export function RestoreOffer(): JSX.Element | null {
  const { platform } = useApp();
  const { conversations, self } = useAccount();
  const { t } = useText();
  const [asked, setAsked] = useState(false);
  const hasOthers = (self.value?.devices.length ?? 0) > 1;
  const hasWords = conversations.value.some(({ last }) => last !== undefined);
  // What was restored ends the offer, and the dialog ends by itself.
  const offered = hasOthers && !hasWords && isAllowed(platform, "backup");
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
