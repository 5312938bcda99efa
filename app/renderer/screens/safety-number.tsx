import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Safety } from "../../../shared/chatkit/api.ts";
import type { UserId } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import { QrCode } from "../components/qr-code.tsx";
import { useSafety } from "./use-safety.ts";

/** Shows the number that is the same at both ends, and keeps whether somebody compared it. */
export function SafetyNumberDialog(props: {
  readonly peer: UserId;
  readonly name: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { peer, name, onClose } = props;
  const { t } = useText();
  const safety = useSafety(peer);
  return (
    <Dialog title={t.safety.title(name)} onClose={onClose}>
      {safety === undefined ? (
        <div class="dialog-body">
          <p class="dialog-text">{t.safety.unknown}</p>
        </div>
      ) : (
        <Compare safety={safety} name={name} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Compare(props: {
  readonly safety: Safety;
  readonly name: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { safety, name, onClose } = props;
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const { userId, verified } = safety;
  const groups = safety.number.match(/.{1,5}/g) ?? [];
  const setVerified = (value: boolean): void => {
    app.attempt(async () => {
      await kit.safety.setVerified(userId, value);
      if (value) {
        app.toasts.show("success", t.safety.marked(name));
        onClose();
      }
    });
  };
  return (
    <>
      <div class="dialog-body safety">
        <p class="dialog-text">{t.safety.text(name)}</p>
        <QrCode text={safety.code} label={t.safety.qr} />
        <p class="safety-number" data-testid="safety-number" dir="ltr">
          {groups.map((group, index) => (
            <span key={index}>{group}</span>
          ))}
        </p>
        <PastedCode safety={safety} />
        {verified && (
          <p class="note note-good" role="status">
            <Icon name="shield" size={18} />
            {t.safety.isVerified(name)}
          </p>
        )}
      </div>
      <footer class="dialog-foot">
        {verified ? (
          <Button onClick={() => setVerified(false)}>{t.safety.unmark}</Button>
        ) : (
          <Button kind="primary" icon="shield" onClick={() => setVerified(true)}>
            {t.safety.mark}
          </Button>
        )}
      </footer>
    </>
  );
}

/** For two who are not in one room: one sends the code by another way, the other pastes it. */
function PastedCode({ safety }: { safety: Safety }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [text, setText] = useState("");
  const [matches, setMatches] = useState<boolean>();
  return (
    <details class="safety-code">
      <summary>{t.safety.otherWay}</summary>
      <p class="field-note">{t.safety.otherWayText}</p>
      <Button
        icon="copy"
        onClick={() =>
          app.attempt(async () => {
            await navigator.clipboard.writeText(safety.code);
            app.toasts.show("success", t.common.copied);
          })
        }
      >
        {t.safety.copyCode}
      </Button>
      <Field
        label={t.safety.theirCode}
        value={text}
        onText={(typed) => {
          setText(typed);
          setMatches(undefined);
          if (typed.trim() === "") return;
          app.attempt(async () =>
            setMatches(await kit.safety.matches(safety.userId, typed.trim())),
          );
        }}
        error={matches === false ? t.safety.differs : undefined}
        hint={matches === true ? t.safety.same : undefined}
      />
    </details>
  );
}
