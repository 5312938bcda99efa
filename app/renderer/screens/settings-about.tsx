import type { JSX } from "preact";
import type { ConnectionState } from "../../../shared/chatkit/api.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { LogoMark } from "../components/logo.tsx";
import type { Catalogue } from "../i18n/en.ts";
import { UpdateStatus } from "./update-status.tsx";

export function AboutSection(): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const connection = account.connection.value;
  return (
    <>
      <div class="profile">
        <LogoMark size={64} />
        <div class="profile-words">
          <span class="brand-name">{t.appName}</span>
          <span class="details-user">{t.tagline}</span>
        </div>
      </div>
      <dl class="facts">
        <dt>{t.settings.version}</dt>
        <dd>{app.platform.client.version}</dd>
        <dt>{t.settings.server}</dt>
        <dd>
          {connection.state === "online" && <bdi>{connection.server.name}</bdi>}
          <span class="fact-address">{account.server}</span>
        </dd>
        {connection.state === "online" && (
          <>
            <dt>{t.settings.serverVersion}</dt>
            <dd>{connection.server.version}</dd>
          </>
        )}
        <dt>{t.settings.connection}</dt>
        <dd>{connectionName(t, connection)}</dd>
      </dl>
      <UpdateStatus />
    </>
  );
}

function connectionName(t: Catalogue, connection: ConnectionState): string {
  switch (connection.state) {
    case "idle":
      return t.connection.idle;
    case "connecting":
      return t.connection.connecting;
    case "online":
      return t.connection.online;
    case "waiting":
      return t.connection.offline;
    case "signed-out":
      return t.connection.signedOut[connection.reason];
  }
}
