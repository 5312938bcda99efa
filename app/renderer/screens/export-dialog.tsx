import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ConversationId } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Choice, Switch } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import { exported, exportName, saveBlob } from "../model/export-file.ts";

/** Told every so many messages: more often nobody can read. */
const TELL_EVERY = 250;

/** Puts a chat, or all, into a file that can be read without Beeline. */
export function ExportDialog(props: {
  /** All where absent. */
  readonly only?: { readonly conversationId: ConversationId; readonly name: string };
  readonly onClose: () => void;
}): JSX.Element {
  const { only, onClose } = props;
  const app = useApp();
  const account = useAccount();
  const { kit, self } = account;
  const { t, format, language } = useText();
  const [as, setAs] = useState<"html" | "json">("html");
  const [withFiles, setWithFiles] = useState(true);
  const [count, setCount] = useState<number>();
  const start = (): void =>
    app.attempt(async () => {
      let messages = 0;
      setCount(0);
      try {
        const direction = document.dir === "rtl" ? "rtl" : "ltr";
        const blob = await exported(
          kit,
          { as, withFiles, ...(only === undefined ? {} : { only: only.conversationId }) },
          { t, format, language, direction, nameOf: (userId) => account.nameOf(userId) },
          (more) => {
            messages += more;
            if (messages % TELL_EVERY === 0) setCount(messages);
          },
        );
        const name = self.peek()?.profile.userName ?? "";
        saveBlob(blob, exportName(name, Date.now(), as === "html" ? "zip" : "json"));
        app.toasts.show("success", t.history.exportDone(messages));
        onClose();
      } finally {
        setCount(undefined);
      }
    });
  return (
    <Dialog
      title={only === undefined ? t.history.exportTitle : t.history.exportOne}
      onClose={onClose}
    >
      <div class="dialog-body">
        <p class="dialog-text">
          {t.history.exportWhat}: <bdi>{only?.name ?? t.history.exportAll}</bdi>
        </p>
        <Choice
          label={t.history.exportFormat}
          value={as}
          options={[
            { value: "html", label: t.history.exportHtml },
            { value: "json", label: t.history.exportJson },
          ]}
          onChange={setAs}
        />
        <p class="field-note">
          {as === "html" ? t.history.exportHtmlHint : t.history.exportJsonHint}
        </p>
        {as === "html" && (
          <Switch label={t.history.exportFiles} checked={withFiles} onChange={setWithFiles} />
        )}
        <p class="note note-warn">
          <Icon name="alert" size={18} />
          {t.history.exportWarning}
        </p>
        <p role="status" class="field-note">
          {count !== undefined && t.history.exportProgress(count)}
        </p>
      </div>
      <footer class="dialog-foot">
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button kind="primary" icon="download" busy={count !== undefined} onClick={start}>
          {t.history.exportStart}
        </Button>
      </footer>
    </Dialog>
  );
}
