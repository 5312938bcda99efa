import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Choice } from "../components/field.tsx";
import { QrCode } from "../components/qr-code.tsx";
import { useNow } from "../components/use-now.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const TIMES = { day: DAY, week: 7 * DAY, month: 30 * DAY } as const;
type LinkTime = keyof typeof TIMES;

/** The link by which people come in, for those who may change it. */
export function GroupLinkSection({ group }: { readonly group: Group }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t, format } = useText();
  const now = useNow(MINUTE);
  const [time, setTime] = useState<LinkTime>("week");
  const [busy, setBusy] = useState(false);
  const [qr, setQr] = useState(false);
  const { conversationId, link } = group;
  const text = link?.text;
  const isOver = link !== undefined && link.expiresAt <= now;
  const working = (work: () => Promise<unknown>): void => {
    setBusy(true);
    app.attempt(() => work().finally(() => setBusy(false)));
  };
  return (
    <section class="details-section group-section" data-testid="group-link">
      <h3>{t.groups.link}</h3>
      <p class="dialog-text">{link === undefined ? t.groups.linkNone : t.groups.linkText}</p>
      {link !== undefined && (
        <p class={isOver ? "note note-warn" : "note"}>
          {isOver ? t.groups.linkOver : t.groups.linkUntil(format.full(link.expiresAt))}
        </p>
      )}
      {link !== undefined && !isOver && text === undefined && (
        <p class="dialog-text">{t.groups.linkElsewhere}</p>
      )}
      {text !== undefined && !isOver && (
        <>
          <p class="invite-link" data-testid="group-link-text" dir="ltr">
            {text}
          </p>
          {qr && <QrCode text={text} label={t.groups.linkQr} />}
          <div class="group-link-buttons">
            <Button
              icon="copy"
              onClick={() =>
                app.attempt(async () => {
                  await navigator.clipboard.writeText(text);
                  app.toasts.show("success", t.common.copied);
                })
              }
            >
              {t.groups.linkCopy}
            </Button>
            <Button aria-pressed={qr} onClick={() => setQr(!qr)}>
              {t.groups.linkShowQr}
            </Button>
          </div>
        </>
      )}
      <Choice
        label={t.groups.linkFor}
        value={time}
        options={[
          { value: "day", label: t.groups.linkTimes.day },
          { value: "week", label: t.groups.linkTimes.week },
          { value: "month", label: t.groups.linkTimes.month },
        ]}
        onChange={setTime}
      />
      <div class="group-link-buttons">
        <Button
          icon="ticket"
          busy={busy}
          title={link === undefined ? "" : t.groups.linkAgainHint}
          onClick={() =>
            working(() =>
              kit.groups.makeLink(conversationId, { expiresAt: Date.now() + TIMES[time] }),
            )
          }
        >
          {link === undefined ? t.groups.linkMake : t.groups.linkAgain}
        </Button>
        {link !== undefined && (
          <Button
            kind="danger-quiet"
            icon="trash"
            disabled={busy}
            onClick={() =>
              working(async () => {
                await kit.groups.endLink(conversationId);
                app.toasts.show("success", t.groups.linkEnded);
              })
            }
          >
            {t.groups.linkEnd}
          </Button>
        )}
      </div>
    </section>
  );
}
