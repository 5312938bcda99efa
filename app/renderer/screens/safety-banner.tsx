import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { UserId } from "../../../shared/protocol/index.ts";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { SafetyNumberDialog } from "./safety-number.tsx";
import { useSafety } from "./use-safety.ts";

/**
 * Tells that somebody's devices changed. Loud where they had been verified, or where nobody of
 * theirs vouched for the change; else one quiet line.
 */
export function SafetyBanner({ peer, name }: { peer: UserId; name: string }): JSX.Element | null {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const safety = useSafety(peer);
  const [comparing, setComparing] = useState(false);
  const dialog = comparing && (
    <SafetyNumberDialog peer={peer} name={name} onClose={() => setComparing(false)} />
  );
  if (safety?.change === undefined) return dialog || null;
  const { reset, wasVerified, added, removed } = safety.change;
  const loud = reset || wasVerified;
  return (
    <>
      <section
        aria-label={t.safety.changedTitle}
        class={loud ? "banner banner-bad" : "banner"}
        data-testid="safety-banner"
        data-loud={loud}
      >
        <Icon name={loud ? "alert" : "device"} />
        <p>
          {reset
            ? t.safety.wasReset(name)
            : wasVerified
              ? t.safety.wasVerified(name)
              : t.safety.changed(name, added, removed)}
        </p>
        {loud && <Button onClick={() => setComparing(true)}>{t.safety.compare}</Button>}
        <IconButton
          icon="close"
          label={t.common.dismiss}
          onClick={() => app.attempt(() => kit.safety.acknowledgeChange(peer))}
        />
      </section>
      {dialog}
    </>
  );
}
