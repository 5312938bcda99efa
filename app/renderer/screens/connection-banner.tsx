import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { useNow } from "../components/use-now.ts";

/** A connection that comes within this needs no banner: it would only flicker. */
const CALM_MS = 1_200;

/** What is wrong between this device and the server, and what one can do. */
export function ConnectionBanner(): JSX.Element | null {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const connection = account.connection.value;
  const [calm, setCalm] = useState(true);
  const troubled = connection.state === "connecting" || connection.state === "waiting";
  useEffect(() => {
    setCalm(true);
    if (!troubled) return undefined;
    const timer = setTimeout(() => setCalm(false), CALM_MS);
    return () => clearTimeout(timer);
  }, [troubled]);

  if (connection.state === "signed-out") {
    return (
      <section
        aria-label={t.settings.connection}
        class="banner banner-bad"
        data-testid="connection-banner"
        data-state="signed-out"
      >
        <Icon name="signOut" />
        <p>{t.connection.signedOut[connection.reason]}</p>
        <Button onClick={() => app.attempt(() => app.signInAgain(connection.reason))}>
          {t.connection.signInAgain}
        </Button>
      </section>
    );
  }
  if (troubled && !calm) {
    return (
      <section
        aria-label={t.settings.connection}
        class="banner"
        data-testid="connection-banner"
        data-state={connection.state}
      >
        <Icon name="offline" />
        <p>
          <strong>{t.connection.offline}</strong>{" "}
          {connection.state === "waiting" ? (
            <Countdown until={connection.retryAt} />
          ) : (
            t.connection.connecting
          )}
          <span class="banner-hint"> {t.connection.offlineHint}</span>
        </p>
        <Button
          disabled={connection.state === "connecting"}
          onClick={() => account.kit.reconnectNow()}
        >
          {t.connection.retryNow}
        </Button>
      </section>
    );
  }
  if (account.clockDiffers.value) {
    return (
      <section aria-label={t.settings.connection} class="banner" data-testid="clock-banner">
        <Icon name="clock" />
        <p>{t.connection.clockDiffers}</p>
        <IconButton icon="close" label={t.common.dismiss} onClick={() => account.dismissClock()} />
      </section>
    );
  }
  return null;
}

function Countdown({ until }: { until: number }): JSX.Element {
  const { t } = useText();
  const now = useNow(500);
  return (
    <span class="banner-count">
      {t.connection.retryIn(Math.max(0, Math.ceil((until - now) / 1000)))}
    </span>
  );
}
