import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FileUsage } from "../../../shared/chatkit/files/files-api.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Choice } from "../components/field.tsx";

const MB = 1_000_000;
/** Up to so many bytes; the first is nothing. */
const CHOICES = [0, 8 * MB, 64 * MB] as const;

/** The choice nearest below what is set: the engine's own default is a power of two. */
function nearest(bytes: number): number {
  return CHOICES.findLast((choice) => choice <= bytes) ?? 0;
}

/** What comes by itself, what it takes, and how to be rid of it. */
export function FilesSection(): JSX.Element {
  const app = useApp();
  const { files, kit } = useAccount();
  const { t, format } = useText();
  const [limit, setLimit] = useState(() => nearest(kit.files.autoFetch));
  const [usage, setUsage] = useState<FileUsage>();
  const [asking, setAsking] = useState(false);
  const look = async (): Promise<void> => setUsage(await kit.files.usage());
  useEffect(() => app.attempt(look), []);
  return (
    <div class="settings-form">
      <Choice
        label={t.files.autoFetch}
        value={String(limit)}
        options={CHOICES.map((bytes) => ({
          value: String(bytes),
          label: bytes === 0 ? t.files.autoFetchNever : format.bytes(bytes),
        }))}
        onChange={(value) => {
          const bytes = Number(value);
          setLimit(bytes);
          app.attempt(() => kit.files.setAutoFetch(bytes));
        }}
      />
      <p class="switch-hint">{t.files.autoFetchHint}</p>
      <div class="file-usage">
        <p data-testid="file-usage">{t.files.used(format.bytes(usage?.bytes ?? 0))}</p>
        <p class="switch-hint">{t.files.usedHint}</p>
      </div>
      <div>
        <Button
          icon="trash"
          disabled={usage === undefined || usage.files === 0}
          onClick={() => setAsking(true)}
        >
          {t.files.deleteReceived}
        </Button>
      </div>
      {asking && (
        <Confirm
          title={t.files.deleteReceived}
          text={t.files.deleteReceivedText}
          action={t.files.deleteReceived}
          onConfirm={() =>
            app.attempt(async () => {
              await kit.files.deleteReceived();
              files.urls.clear();
              await look();
              app.toasts.show("success", t.files.deleted);
            })
          }
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
