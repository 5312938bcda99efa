import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ConversationModel } from "../model/conversation-model.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { ExportDialog } from "./export-dialog.tsx";
import { MediaList } from "./media-list.tsx";

const DAY = 24 * 60 * 60 * 1000;
const keepTimes = {
  forever: undefined,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  year: 365 * DAY,
} as const;
type KeepTime = keyof typeof keepTimes;
const names = ["forever", "day", "week", "month", "year"] as const satisfies readonly KeepTime[];

/** What there is to do with the past of a conversation. */
export function HistoryDetails(props: {
  readonly model: ConversationModel;
  readonly name: string;
}): JSX.Element {
  const { model, name } = props;
  const { conversationId } = model;
  const app = useApp();
  const { kit, conversations } = useAccount();
  const { t } = useText();
  const [asked, setAsked] = useState<"media" | "export" | "clear">();
  const [keep, setKeep] = useState<KeepTime>();
  const close = (): void => setAsked(undefined);
  const settings = conversations.value.find(
    (conversation) => conversation.conversationId === conversationId,
  )?.settings;
  const kept = names.find((time) => keepTimes[time] === settings?.keepMs) ?? "forever";
  const apply = (time: KeepTime): void =>
    app.attempt(() => kit.archive.keepFor(conversationId, keepTimes[time]));
  const exportOff = app.platform.policy?.off.includes("export") ?? false;
  return (
    <section class="details-section" data-testid="history-details">
      <h3>{t.history.heading}</h3>
      <div class="history-actions">
        <Button icon="image" onClick={() => setAsked("media")}>
          {t.history.media}
        </Button>
        <JumpToDate model={model} />
        {!exportOff && (
          <Button icon="download" onClick={() => setAsked("export")}>
            {t.history.exportOne}
          </Button>
        )}
      </div>
      <label class="keep-field">
        <span>{t.history.keep}</span>
        <select
          value={kept}
          onChange={(event) => {
            const time = names.find((one) => one === event.currentTarget.value);
            // Shows what holds until it is confirmed.
            event.currentTarget.value = kept;
            if (time === undefined || time === kept) return;
            if (time === "forever") apply(time);
            else setKeep(time);
          }}
        >
          {names.map((time) => (
            <option key={time} value={time}>
              {t.history.keepTimes[time]}
            </option>
          ))}
        </select>
        <span class="field-note">{t.history.keepHint}</span>
      </label>
      <Button kind="danger-quiet" icon="trash" onClick={() => setAsked("clear")}>
        {t.history.clear}
      </Button>
      {asked === "media" && <MediaList model={model} onClose={close} />}
      {asked === "export" && <ExportDialog only={{ conversationId, name }} onClose={close} />}
      {asked === "clear" && (
        <Confirm
          title={t.history.clearTitle(name)}
          text={t.history.clearText}
          action={t.history.clear}
          onConfirm={() =>
            app.attempt(async () => {
              await kit.archive.clear(conversationId);
              app.toasts.show("success", t.history.cleared);
            })
          }
          onClose={close}
        />
      )}
      {keep !== undefined && (
        <Confirm
          title={t.history.keepTitle}
          text={t.history.keepText(t.history.keepTimes[keep])}
          action={t.history.keepAction}
          onConfirm={() => apply(keep)}
          onClose={() => setKeep(undefined)}
        />
      )}
    </section>
  );
}

/** Shows the first message of a day. */
function JumpToDate({ model }: { readonly model: ConversationModel }): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const [day, setDay] = useState("");
  return (
    <form
      class="jump"
      onSubmit={(event) => {
        event.preventDefault();
        const [year, month, date] = day.split("-").map(Number);
        if (year === undefined || month === undefined || date === undefined) return;
        app.attempt(() => model.showDate(new Date(year, month - 1, date).getTime()));
      }}
    >
      <label>
        <span>{t.history.jump}</span>
        <input
          type="date"
          required
          value={day}
          min="1970-01-01"
          max="2200-12-31"
          onInput={(event) => setDay(event.currentTarget.value)}
        />
      </label>
      <Button type="submit" icon="calendar">
        {t.history.jumpGo}
      </Button>
    </form>
  );
}
