import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Privacy } from "../../../shared/chatkit/chatkit.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Switch } from "../components/field.tsx";

/** What others learn without a word of the person's. */
export function PrivacySection(): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [privacy, setPrivacy] = useState(kit.privacy.current);
  const change = (wanted: Partial<Privacy>): void =>
    app.attempt(async () => {
      await kit.privacy.change(wanted);
      setPrivacy(kit.privacy.current);
    });
  const words = t.conversations;
  return (
    <div class="settings-form">
      <Switch
        label={words.privacyReceipts}
        hint={words.privacyReceiptsHint}
        checked={privacy.readReceipts}
        onChange={(readReceipts) => change({ readReceipts })}
      />
      <Switch
        label={words.privacyTyping}
        hint={words.privacyTypingHint}
        checked={privacy.typing}
        onChange={(typing) => change({ typing })}
      />
      <Switch
        label={words.privacyMentions}
        hint={words.privacyMentionsHint}
        checked={app.settings.mentions.value}
        onChange={(wanted) => {
          app.settings.mentions.value = wanted;
        }}
      />
      {app.platform.fetchPreview !== undefined && (
        <div class="privacy-note">
          <p class="privacy-note-title">{words.privacyPreviews}</p>
          <p class="switch-hint">{words.privacyPreviewsHint}</p>
        </div>
      )}
      <p class="empty-text">{words.privacyHere}</p>
    </div>
  );
}
