import type { JSX } from "preact";
import { formatInviteLink } from "../../../shared/chatkit/invite-link.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { QrCode } from "../components/qr-code.tsx";

/** The way to this server, for somebody who is to join it. */
export function InviteSection(): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const { server, pin } = account;
  const link = formatInviteLink(pin === undefined ? { server } : { server, pin });
  const connection = account.connection.value;
  const policy = connection.state === "online" ? connection.server.registration : undefined;
  return (
    <>
      <p class="dialog-text">
        {policy === "invite"
          ? t.settings.inviteNeedsCode
          : policy === "closed"
            ? t.settings.inviteClosed
            : t.settings.inviteText}
      </p>
      <QrCode text={link} label={t.settings.inviteQr} />
      <p class="invite-link" data-testid="invite-link" dir="ltr">
        {link}
      </p>
      <Button
        icon="copy"
        onClick={() =>
          app.attempt(async () => {
            await navigator.clipboard.writeText(link);
            app.toasts.show("success", t.common.copied);
          })
        }
      >
        {t.settings.inviteCopy}
      </Button>
    </>
  );
}
