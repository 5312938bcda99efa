import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../components/dialog.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import { AccountsSection } from "./settings-accounts.tsx";
import { LockSection } from "./settings-lock.tsx";
import { AboutSection } from "./settings-about.tsx";
import { AppearanceSection, NotificationsSection } from "./settings-appearance.tsx";
import { ConnectionSection } from "./settings-connection.tsx";
import { DesktopSection } from "./settings-desktop.tsx";
import { DevicesSection } from "./settings-devices.tsx";
import { NetworkSection } from "./settings-network.tsx";
import { FilesSection } from "./file-settings.tsx";
import { HistorySection } from "./settings-history.tsx";
import { InviteSection } from "./settings-invite.tsx";
import { PasswordSection } from "./settings-password.tsx";
import { PrivacySection } from "./settings-privacy.tsx";
import { ProfileSection } from "./settings-profile.tsx";

const sections = {
  profile: ["person", ProfileSection],
  appearance: ["palette", AppearanceSection],
  accounts: ["people", AccountsSection],
  lock: ["shield", LockSection],
  notifications: ["bell", NotificationsSection],
  privacy: ["eyeOff", PrivacySection],
  history: ["history", HistorySection],
  files: ["file", FilesSection],
  devices: ["device", DevicesSection],
  network: ["network", NetworkSection],
  connection: ["server", ConnectionSection],
  desktop: ["window", DesktopSection],
  password: ["lock", PasswordSection],
  invite: ["addPerson", InviteSection],
  about: ["info", AboutSection],
} as const satisfies Record<string, readonly [IconName, () => JSX.Element | null]>;

type SectionName = keyof typeof sections;
const names = [
  "profile",
  "appearance",
  "accounts",
  "lock",
  "notifications",
  "privacy",
  "history",
  "files",
  "devices",
  "network",
  "connection",
  "desktop",
  "password",
  "invite",
  "about",
] as const satisfies readonly SectionName[];

export interface SettingsProps {
  /** Shown first. */
  readonly section?: SectionName;
  readonly onClose: () => void;
}

export function SettingsDialog({ section = "profile", onClose }: SettingsProps): JSX.Element {
  const { t } = useText();
  const [current, setCurrent] = useState<SectionName>(section);
  const [, Section] = sections[current];
  const { platform } = useApp();
  // Those of a host that has such a thing.
  const shown = names.filter(
    (name) => (name !== "connection" && name !== "desktop") || platform[name] !== undefined,
  );
  return (
    <Dialog title={t.settings.title} size="large" onClose={onClose}>
      <div class="settings">
        <nav class="settings-nav" aria-label={t.settings.title}>
          {shown.map((name) => (
            <button
              key={name}
              type="button"
              class="settings-link"
              aria-current={name === current ? "page" : undefined}
              onClick={() => setCurrent(name)}
            >
              <Icon name={sections[name][0]} size={18} />
              <span>{t.settings.sections[name]}</span>
            </button>
          ))}
        </nav>
        <section class="settings-section" aria-label={t.settings.sections[current]} tabIndex={0}>
          <h3>{t.settings.sections[current]}</h3>
          <Section />
        </section>
      </div>
    </Dialog>
  );
}
