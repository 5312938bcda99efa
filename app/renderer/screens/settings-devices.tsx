import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Device } from "../../../shared/protocol/index.ts";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";

export function DevicesSection(): JSX.Element | null {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [removing, setRemoving] = useState<Device>();
  const self = account.self.value;
  if (self === undefined) return null;
  return (
    <>
      <p class="dialog-text">{t.settings.devicesText}</p>
      <ul class="device-list">
        {self.devices.map((device) => (
          <li key={device.deviceId} class="device" data-testid="own-device">
            <Icon name="device" />
            <span class="device-words">
              <bdi class="device-name">{device.name}</bdi>
            </span>
            {device.deviceId === self.deviceId ? (
              <span class="badge badge-good">{t.settings.thisDevice}</span>
            ) : (
              <IconButton
                icon="trash"
                label={t.settings.removeDevice(device.name)}
                onClick={() => setRemoving(device)}
              />
            )}
          </li>
        ))}
      </ul>
      {removing !== undefined && (
        <Confirm
          title={t.settings.removeDeviceTitle(removing.name)}
          text={t.settings.removeDeviceText}
          action={t.common.remove}
          onConfirm={() => app.attempt(() => account.kit.devices.remove(removing.deviceId))}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </>
  );
}
