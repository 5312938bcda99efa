import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { MIN_PASSPHRASE_LENGTH } from "../../../shared/chatkit/history/backup.ts";
import { recoveryKey } from "../../../shared/crypto/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { PasswordField } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import { backedUp, restored } from "../model/backup-file.ts";
import { errorText } from "../model/errors.ts";
import { exportName, saveBlob } from "../model/export-file.ts";

/** Saves everything in a file that only a passphrase opens. */
export function BackupDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const app = useApp();
  const { kit, self } = useAccount();
  const { t } = useText();
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [made, setMade] = useState<string>();
  const [errors, setErrors] = useState<{ passphrase?: string; again?: string }>({});
  const [busy, setBusy] = useState(false);
  const start = (): void => {
    const found = {
      ...(passphrase.trim().length < MIN_PASSPHRASE_LENGTH
        ? { passphrase: t.history.backupShort }
        : {}),
      ...(passphrase === again ? {} : { again: t.history.backupMismatch }),
    };
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    app.attempt(async () => {
      try {
        const { blob, messages } = await backedUp(kit, passphrase);
        const name = self.peek()?.profile.userName ?? "";
        saveBlob(blob, exportName(name, Date.now(), "beeline-backup"));
        app.toasts.show("success", t.history.backupDone(messages));
        onClose();
      } finally {
        setBusy(false);
      }
    });
  };
  return (
    <Dialog title={t.history.backupTitle} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <div class="dialog-body">
          <p class="dialog-text">{t.history.backupText}</p>
          <PasswordField
            label={t.history.backupPassphrase}
            value={passphrase}
            hint={t.history.backupPassphraseHint}
            error={errors.passphrase}
            autocomplete="new-password"
            maxLength={256}
            onText={setPassphrase}
          />
          <PasswordField
            label={t.history.backupAgain}
            value={again}
            error={errors.again}
            autocomplete="new-password"
            maxLength={256}
            onText={setAgain}
          />
          <Button
            icon="lock"
            onClick={() => {
              const key = recoveryKey((bytes) => crypto.getRandomValues(new Uint8Array(bytes)));
              setMade(key);
              setPassphrase(key);
              setAgain(key);
              setErrors({});
            }}
          >
            {t.history.backupMake}
          </Button>
          {made !== undefined && (
            <div class="note" role="status">
              <div>
                <p>{t.history.backupMade}</p>
                <p class="recovery-key" data-testid="recovery-key" dir="ltr">
                  {made}
                </p>
              </div>
            </div>
          )}
          <p role="status" class="field-note">
            {busy && t.history.backupWorking}
          </p>
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button kind="primary" type="submit" icon="download" busy={busy}>
            {t.history.backupStart}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Takes a backup's messages into this device's history. */
export function RestoreDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [passphrase, setPassphrase] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const start = async (): Promise<void> => {
    if (file === undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      const { added, known } = await restored(kit, file, passphrase);
      app.toasts.show("success", t.history.importDone(added, known));
      onClose();
    } catch (failure) {
      setError(errorText(t, failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={t.history.restoreTitle} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <div class="dialog-body">
          <p class="dialog-text">{t.history.restoreText}</p>
          <input
            ref={input}
            type="file"
            class="visually-hidden"
            tabIndex={-1}
            aria-label={t.history.restorePick}
            data-testid="restore-file"
            onChange={(event) => {
              setFile(event.currentTarget.files?.[0]);
              setError(undefined);
            }}
          />
          <Button icon="file" onClick={() => input.current?.click()}>
            {file?.name ?? t.history.restorePick}
          </Button>
          <PasswordField
            label={t.history.backupPassphrase}
            value={passphrase}
            autocomplete="off"
            maxLength={256}
            onText={setPassphrase}
          />
          {error !== undefined && (
            <p class="note note-warn" role="alert">
              <Icon name="alert" size={18} />
              {error}
            </p>
          )}
          <p role="status" class="field-note">
            {busy && t.history.restoreWorking}
          </p>
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button
            kind="primary"
            type="submit"
            busy={busy}
            disabled={file === undefined || passphrase === ""}
          >
            {t.history.restoreStart}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
