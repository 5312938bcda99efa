import type { JSX } from "preact";
import type { InviteLink } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { mayUseServer } from "../model/allowed-server.ts";

/** A link that leads to a server, opened while somebody is signed in: they decide what comes of it. */
export function InviteDialog({ invite }: { invite: InviteLink }): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const close = (): void => app.links.done();
  const here = app.opened.value.some(({ server }) => sameServer(server, invite.server));
  const full = !app.mayAdd;
  const allowed = mayUseServer(app.platform, invite.server);
  return (
    <Dialog title={t.desktop.inviteTitle} onClose={close}>
      <div class="dialog-body">
        <p class="dialog-text">{t.desktop.inviteText}</p>
        <p class="link-target">
          <Icon name="server" size={18} />
          <bdi>{invite.server}</bdi>
        </p>
        {here && <p class="note">{t.desktop.inviteHere}</p>}
        {!allowed && <p class="note note-warn">{t.policy.otherServer}</p>}
        {allowed && full && <p class="note note-warn">{t.desktop.inviteFull}</p>}
      </div>
      <footer class="dialog-foot">
        <Button onClick={close}>{t.common.close}</Button>
        {/* The form takes the invitation up; nothing is sent before it is filled in. */}
        <Button kind="primary" disabled={full || !allowed} onClick={() => app.addAccount()}>
          {t.desktop.inviteGo}
        </Button>
      </footer>
    </Dialog>
  );
}

function sameServer(one: string, other: string): boolean {
  return one.replace(/\/+$/, "").toLowerCase() === other.replace(/\/+$/, "").toLowerCase();
}
