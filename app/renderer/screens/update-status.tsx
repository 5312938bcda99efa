import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ConnectionBridge } from "../../preload/connection.ts";
import type { UpdateState } from "../../preload/update-state.ts";
import { Button, IconButton } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import type { Catalogue } from "../i18n/en.ts";

/** What is known of updates, and the restart, which is the person's to decide. Only on the desktop. */
export function UpdateStatus(): JSX.Element | null {
  const { connection } = useApp().platform;
  return connection === undefined ? null : <Status connection={connection} />;
}

/** An update is ready: told once above the conversations; whoever puts it aside finds it in "About". */
export function UpdateBanner(): JSX.Element | null {
  const { connection } = useApp().platform;
  return connection === undefined ? null : <ReadyBanner connection={connection} />;
}

function ReadyBanner({ connection }: { connection: ConnectionBridge }): JSX.Element | null {
  const app = useApp();
  const { t } = useText();
  const state = useUpdates(connection);
  const [aside, setAside] = useState<string>();
  if (state?.type !== "ready" || state.version === aside) return null;
  return (
    <section class="banner" aria-label={t.updates.title} data-testid="update-banner">
      <Icon name="info" />
      <p>{t.updates.ready(state.version)}</p>
      <Button onClick={() => app.attempt(() => connection.restartToUpdate())}>
        {t.updates.restart}
      </Button>
      <IconButton icon="close" label={t.common.dismiss} onClick={() => setAside(state.version)} />
    </section>
  );
}

function Status({ connection }: { connection: ConnectionBridge }): JSX.Element | null {
  const app = useApp();
  const { t } = useText();
  const state = useUpdates(connection);
  if (state === undefined) return null;
  const mayAsk = state.type === "current" || state.type === "failed";
  return (
    <section class="updates" aria-label={t.updates.title} data-testid="updates">
      <h4>{t.updates.title}</h4>
      <p role="status">{updateText(t, state)}</p>
      {state.type === "downloading" && (
        <progress max={100} value={state.percent} aria-label={t.updates.title} />
      )}
      {mayAsk && (
        <Button icon="retry" onClick={() => app.attempt(() => connection.checkForUpdates())}>
          {t.updates.check}
        </Button>
      )}
      {state.type === "ready" && (
        <Button kind="primary" onClick={() => app.attempt(() => connection.restartToUpdate())}>
          {t.updates.restart}
        </Button>
      )}
    </section>
  );
}

function useUpdates(connection: ConnectionBridge): UpdateState | undefined {
  const app = useApp();
  const [state, setState] = useState<UpdateState>();
  useEffect(() => {
    let heard = false;
    const end = connection.onUpdates((next) => {
      heard = true;
      setState(next);
    });
    app.attempt(async () => {
      const first = await connection.updates();
      // What came meanwhile is newer.
      if (!heard) setState(first);
    });
    return end;
  }, [app, connection]);
  return state;
}

function updateText(t: Catalogue, state: UpdateState): string {
  switch (state.type) {
    case "off":
      return t.updates.off[state.reason];
    case "current":
      return state.checkedAt === undefined ? t.updates.waiting : t.updates.current;
    case "checking":
      return t.updates.checking;
    case "downloading":
      return t.updates.downloading(state.version, state.percent);
    case "ready":
      return t.updates.ready(state.version);
    case "failed":
      return t.updates.failed[state.reason];
  }
}
