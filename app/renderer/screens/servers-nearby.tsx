import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import type { FoundServer } from "../platform/platform.ts";

/** Servers that announce themselves on the local network, one press away. */
export function ServersNearby(props: {
  readonly chosen: string | undefined;
  readonly onChoose: (address: string) => void;
}): JSX.Element | null {
  const { platform } = useApp();
  const { t } = useText();
  const [servers, setServers] = useState<readonly FoundServer[]>([]);
  useEffect(() => platform.watchServers?.(setServers), [platform]);
  if (servers.length === 0) return null;
  return (
    <div class="servers-near" role="group" aria-label={t.signIn.serversNear}>
      <p class="field-note">{t.signIn.serversNear}</p>
      {servers.map(({ name, address, secure }) => (
        <button
          key={address}
          type="button"
          class="server-near"
          aria-pressed={address === props.chosen}
          data-testid="server-near"
          onClick={() => props.onChoose(address)}
        >
          <Icon name={secure ? "lock" : "server"} size={18} />
          <span class="server-near-words">
            <bdi>{name}</bdi>
            <span class="fact-address" dir="ltr">
              {address}
            </span>
          </span>
        </button>
      ))}
    </div>
  );
}
