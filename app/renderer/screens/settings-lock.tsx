import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Choice, PasswordField } from "../components/field.tsx";
import { focusInvalid } from "../components/focus-invalid.ts";
import type { Catalogue } from "../i18n/en.ts";
import {
  lockMinutes,
  MAX_PASSPHRASE,
  MIN_PASSPHRASE,
  type LockMinutes,
} from "../model/app-lock.ts";
import { shortcutWords } from "../model/shortcuts.ts";

type Form = "none" | "set" | "remove";

/** The passphrase before the window: set, changed, turned off. */
export function LockSection(): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const { lock } = app;
  const enabled = lock.enabled.value;
  const [form, setForm] = useState<Form>("none");
  const done = (text: string): void => {
    setForm("none");
    app.toasts.show("success", text);
  };
  return (
    <div class="settings-form">
      <p class="dialog-text">{enabled ? t.lock.on : t.lock.off}</p>
      {enabled && form === "none" && (
        <>
          <Choice
            label={t.lock.after}
            value={minutesName(lock.minutes.value)}
            options={lockMinutes.map((minutes) => ({
              value: minutesName(minutes),
              label: minutesLabel(t, minutes),
            }))}
            onChange={(name) => {
              const minutes = lockMinutes.find((known) => minutesName(known) === name) ?? 0;
              app.attempt(() => lock.setMinutes(minutes));
            }}
          />
          <Button kind="primary" icon="lock" onClick={() => lock.engage()}>
            {t.lock.now}
          </Button>
          <p class="field-note">{t.lock.nowHint(shortcutWords("lock", app.platform.kind))}</p>
        </>
      )}
      {form === "none" ? (
        <div class="lock-buttons">
          <Button onClick={() => setForm("set")}>{enabled ? t.lock.change : t.lock.set}</Button>
          {enabled && (
            <Button kind="danger-quiet" onClick={() => setForm("remove")}>
              {t.lock.remove}
            </Button>
          )}
        </div>
      ) : (
        <PassphraseForm
          next={form === "set"}
          onDone={() => done(form === "set" ? t.lock.saved : t.lock.removed)}
          onCancel={() => setForm("none")}
        />
      )}
      <p class="note">{t.lock.honest}</p>
    </div>
  );
}

type Entry = "current" | "next" | "again";

function PassphraseForm(props: {
  /** Asks for a new one. */
  next: boolean;
  onDone: () => void;
  onCancel: () => void;
}): JSX.Element {
  const app = useApp();
  const { lock } = app;
  const { t } = useText();
  const [entries, setEntries] = useState<Record<Entry, string>>({
    current: "",
    next: "",
    again: "",
  });
  const [errors, setErrors] = useState<Partial<Record<Entry, string>>>({});
  const [busy, setBusy] = useState(false);
  const [enabled] = useState(() => lock.enabled.peek());
  const field = (entry: Entry, label: string, hint?: string): JSX.Element => (
    <PasswordField
      label={label}
      autocomplete="off"
      maxLength={MAX_PASSPHRASE}
      value={entries[entry]}
      onText={(text) => {
        setEntries((before) => ({ ...before, [entry]: text }));
        setErrors({});
      }}
      error={errors[entry]}
      {...(hint === undefined ? {} : { hint })}
    />
  );

  async function submit(): Promise<void> {
    const { current, next, again } = entries;
    if (props.next && next.length < MIN_PASSPHRASE) {
      setErrors({ next: t.lock.short(MIN_PASSPHRASE) });
      return;
    }
    if (props.next && next !== again) {
      setErrors({ again: t.lock.differ });
      return;
    }
    setBusy(true);
    const attempt = props.next ? await lock.verify(current) : await lock.remove(current);
    if (attempt === "right") {
      if (props.next) await lock.set(next);
      props.onDone();
      return;
    }
    setBusy(false);
    const seconds = Math.ceil(lock.pauseLeft() / 1000);
    setErrors({ current: seconds > 0 ? t.lock.paused(seconds) : t.lock.wrong });
  }

  return (
    <form
      class="settings-form"
      noValidate
      onSubmit={(event) => {
        const form = event.currentTarget;
        event.preventDefault();
        app.attempt(() => submit().then(() => focusInvalid(form)));
      }}
    >
      {enabled && field("current", t.lock.current)}
      {props.next && field("next", t.lock.passphrase, t.lock.hint(MIN_PASSPHRASE))}
      {props.next && field("again", t.lock.again)}
      <div class="lock-buttons">
        <Button onClick={props.onCancel}>{t.common.cancel}</Button>
        <Button kind={props.next ? "primary" : "danger"} type="submit" busy={busy}>
          {busy ? t.lock.checking : props.next ? t.lock.set : t.lock.remove}
        </Button>
      </div>
    </form>
  );
}

const minutesName = (minutes: LockMinutes): `${LockMinutes}` => `${minutes}`;

function minutesLabel(t: Catalogue, minutes: LockMinutes): string {
  if (minutes === 0) return t.lock.never;
  return minutes === 60 ? t.lock.hour : t.lock.minutes(minutes);
}
