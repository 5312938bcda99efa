import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { imported } from "../model/backup-file.ts";
import { BackupDialog, RestoreDialog } from "./backup-dialog.tsx";
import { ExportDialog } from "./export-dialog.tsx";
import { PolicyNote } from "./policy-note.tsx";

/** The history as files: what is saved, and what is taken in. */
export function HistorySection(): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const input = useRef<HTMLInputElement>(null);
  const [asked, setAsked] = useState<"backup" | "restore" | "export">();
  const [busy, setBusy] = useState(false);
  const off = app.platform.policy?.off ?? [];
  const close = (): void => setAsked(undefined);
  const take = (file: File): void => {
    setBusy(true);
    app.attempt(async () => {
      try {
        const { added, known } = await imported(kit, file);
        app.toasts.show("success", t.history.importDone(added, known));
      } finally {
        setBusy(false);
      }
    });
  };
  return (
    <div class="settings-form">
      <p class="dialog-text">{t.history.settingsHint}</p>
      {!off.includes("backup") && (
        <section class="settings-part">
          <h4>{t.history.backupTitle}</h4>
          <p class="switch-hint">{t.history.backupText}</p>
          <div class="settings-actions">
            <Button icon="lock" onClick={() => setAsked("backup")}>
              {t.history.backupStart}
            </Button>
            <Button onClick={() => setAsked("restore")}>{t.history.restorePick}</Button>
          </div>
        </section>
      )}
      {!off.includes("export") && (
        <section class="settings-part">
          <h4>{t.history.exportTitle}</h4>
          <p class="switch-hint">{t.history.exportWarning}</p>
          <div class="settings-actions">
            <Button icon="download" onClick={() => setAsked("export")}>
              {t.history.exportAll}
            </Button>
          </div>
          <h4>{t.history.importTitle}</h4>
          <p class="switch-hint">{t.history.importText}</p>
          <div class="settings-actions">
            <input
              ref={input}
              type="file"
              accept=".json,application/json"
              class="visually-hidden"
              tabIndex={-1}
              aria-label={t.history.importPick}
              data-testid="import-file"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                event.currentTarget.value = "";
                if (file !== undefined) take(file);
              }}
            />
            <Button icon="file" busy={busy} onClick={() => input.current?.click()}>
              {t.history.importPick}
            </Button>
          </div>
        </section>
      )}
      {(off.includes("backup") || off.includes("export")) && <PolicyNote />}
      {asked === "backup" && <BackupDialog onClose={close} />}
      {asked === "restore" && <RestoreDialog onClose={close} />}
      {asked === "export" && <ExportDialog onClose={close} />}
    </div>
  );
}
