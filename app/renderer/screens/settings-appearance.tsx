import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApp, useText } from "../components/context.tsx";
import { Choice, Switch } from "../components/field.tsx";
import { languageNames, languages } from "../i18n/i18n.ts";
import { themes } from "../model/settings.ts";

export function AppearanceSection(): JSX.Element {
  const { settings } = useApp();
  const { t, language } = useText();
  return (
    <div class="settings-form">
      <Choice
        label={t.settings.language}
        value={languages.find((known) => known === language) ?? "en"}
        options={languages.map((value) => ({ value, label: languageNames[value] }))}
        onChange={(value) => {
          settings.language.value = value;
        }}
      />
      <Choice
        label={t.settings.theme}
        value={settings.theme.value}
        options={themes.map((value) => ({ value, label: t.settings.themes[value] }))}
        onChange={(value) => {
          settings.theme.value = value;
        }}
      />
    </div>
  );
}

export function NotificationsSection(): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const [permission, setPermission] = useState(() => app.platform.notificationPermission());
  const { notifications } = app.settings;
  const possible = permission === "granted" || permission === "ask";
  return (
    <div class="settings-form">
      <Switch
        label={t.settings.notify}
        hint={
          permission === "denied"
            ? t.settings.notifyDenied
            : permission === "unsupported"
              ? t.settings.notifyUnsupported
              : t.settings.notifyHint
        }
        checked={permission === "granted" && notifications.value}
        disabled={!possible}
        onChange={(wanted) => {
          notifications.value = wanted;
          if (!wanted || permission !== "ask") return;
          app.attempt(async () => setPermission(await app.platform.requestNotifications()));
        }}
      />
    </div>
  );
}
