import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApp, useText } from "../components/context.tsx";
import { Choice, Switch } from "../components/field.tsx";
import { languageNames, languages } from "../i18n/i18n.ts";
import { motionChoices, textSizes, themes, type TextSize } from "../model/settings.ts";

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
      <Choice
        label={t.settings.textSize}
        value={sizeName(settings.textSize.value)}
        options={textSizes.map((size) => ({
          value: sizeName(size),
          label: t.settings.textSizeOf(size),
        }))}
        onChange={(value) => {
          settings.textSize.value = textSizes.find((size) => sizeName(size) === value) ?? 100;
        }}
      />
      <Choice
        label={t.settings.motion}
        value={settings.motion.value}
        options={motionChoices.map((value) => ({ value, label: t.settings.motions[value] }))}
        onChange={(value) => {
          settings.motion.value = value;
        }}
      />
    </div>
  );
}

const sizeName = (size: TextSize): `${TextSize}` => `${size}`;

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
