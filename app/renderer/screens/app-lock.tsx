import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { PasswordField } from "../components/field.tsx";
import { LogoMark } from "../components/logo.tsx";
import { MAX_PASSPHRASE } from "../model/app-lock.ts";

/** In place of everything, until the passphrase is given. */
export function LockScreen(): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const [passphrase, setPassphrase] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const pause = usePause(() => app.lock.pauseLeft());
  const focus = (): void => form.current?.querySelector("input")?.focus();
  useEffect(focus, []);

  async function submit(): Promise<void> {
    if (passphrase === "" || pause > 0) return;
    setBusy(true);
    const attempt = await app.lock.unlock(passphrase);
    if (attempt === "right") return;
    setBusy(false);
    setPassphrase("");
    setError(attempt === "wrong" ? t.lock.wrong : undefined);
    focus();
  }

  const wait = pause > 0 ? t.lock.paused(Math.ceil(pause / 1000)) : undefined;
  return (
    <main class="centered lock" data-testid="lock-screen">
      <LogoMark size={64} />
      <h1>{t.lock.title}</h1>
      <p>{t.lock.text}</p>
      <form
        ref={form}
        class="lock-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          app.attempt(submit);
        }}
      >
        <PasswordField
          label={t.lock.passphrase}
          autocomplete="off"
          maxLength={MAX_PASSPHRASE}
          value={passphrase}
          onText={(text) => {
            setPassphrase(text);
            setError(undefined);
          }}
          error={error}
        />
        <Button kind="primary" type="submit" busy={busy} disabled={pause > 0}>
          {busy ? t.lock.checking : t.lock.unlock}
        </Button>
        <p class="lock-wait" role="status">
          {wait}
        </p>
      </form>
      <button type="button" class="link-button" onClick={() => setAsking(true)}>
        {t.lock.forgotten}
      </button>
      {asking && (
        <Confirm
          title={t.lock.forgottenTitle}
          text={t.lock.forgottenText}
          action={t.lock.forgottenAction}
          onConfirm={() =>
            app.attempt(async () => {
              await app.signOutEverything();
              await app.lock.forget();
            })
          }
          onClose={() => setAsking(false)}
        />
      )}
    </main>
  );
}

/** Milliseconds until somebody may try again; counts down by itself. */
function usePause(left: () => number): number {
  const [pause, setPause] = useState(left);
  useEffect(() => {
    const timer = setInterval(() => setPause(left()), 500);
    return () => clearInterval(timer);
  });
  return pause;
}
