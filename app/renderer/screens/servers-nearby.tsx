import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import type { FoundServer } from "../platform/platform.ts";

/** Servers that announce themselves on the local network, one press away. */
export function ServersNearby(props: {
  readonly chosen: string | undefined;
  /** `pin`: the person trusts the certificate that the server announced as its own. */
  readonly onChoose: (address: string, pin: string | undefined) => void;
}): JSX.Element | null {
  const { platform } = useApp();
  const { t } = useText();
  const [servers, setServers] = useState<readonly FoundServer[]>([]);
  const [asking, setAsking] = useState<FoundServer & { readonly pin: string }>();
  useEffect(() => platform.watchServers?.(setServers), [platform]);
  if (servers.length === 0) return null;
  return (
    <div class="servers-near" role="group" aria-label={t.signIn.serversNear}>
      <p class="field-note">{t.signIn.serversNear}</p>
      {servers.map((server) => {
        const { name, address, secure, pin } = server;
        return (
          <button
            key={address}
            type="button"
            class="server-near"
            aria-pressed={address === props.chosen}
            data-testid="server-near"
            onClick={() =>
              pin === undefined ? props.onChoose(address, undefined) : setAsking({ ...server, pin })
            }
          >
            <Icon name={secure ? "lock" : "server"} size={18} />
            <span class="server-near-words">
              <bdi>{name}</bdi>
              <span class="fact-address" dir="ltr">
                {address}
              </span>
            </span>
          </button>
        );
      })}
      {asking !== undefined && (
        <Dialog title={t.signIn.trustTitle(asking.name)} onClose={() => setAsking(undefined)}>
          <div class="dialog-body">
            <p class="dialog-text">{t.signIn.trustText}</p>
            <p class="fingerprint" dir="ltr">
              {asking.pin}
            </p>
          </div>
          <footer class="dialog-foot">
            <Button onClick={() => setAsking(undefined)}>{t.common.cancel}</Button>
            <Button
              kind="primary"
              onClick={() => {
                props.onChoose(asking.address, asking.pin);
                setAsking(undefined);
              }}
            >
              {t.signIn.trust}
            </Button>
          </footer>
        </Dialog>
      )}
    </div>
  );
}
