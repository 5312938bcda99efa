import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { OwnDevice } from "../../../shared/chatkit/api.ts";
import { limits } from "../../../shared/protocol/index.ts";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";

/** Where the account is open: names, times, and the way to throw one out. */
export function DevicesSection(): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [removing, setRemoving] = useState<OwnDevice>();
  const [renaming, setRenaming] = useState<OwnDevice>();
  return (
    <>
      <p class="dialog-text">{t.settings.devicesText}</p>
      <ul class="device-list">
        {account.devices.value.map((device) => (
          <li key={device.deviceId} class="device" data-testid="own-device">
            <Icon name="device" />
            <div class="device-words">
              <p class="device-name">
                <bdi>{device.name}</bdi>
                {device.current && <span class="badge badge-good">{t.settings.thisDevice}</span>}
                {!device.vouched && <span class="badge badge-warn">{t.settings.unvouched}</span>}
              </p>
              <p class="device-times">
                <DeviceTimes device={device} />
              </p>
            </div>
            <IconButton
              icon="pencil"
              label={t.settings.renameDevice(device.name)}
              onClick={() => setRenaming(device)}
            />
            {!device.current && (
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
      {renaming !== undefined && (
        <Rename device={renaming} onClose={() => setRenaming(undefined)} />
      )}
    </>
  );
}

function DeviceTimes({ device }: { device: OwnDevice }): JSX.Element {
  const { t, format } = useText();
  const seen = device.online
    ? t.details.deviceOnline
    : device.lastSeen === undefined
      ? t.details.deviceOffline
      : t.settings.deviceSeen(format.ago(device.lastSeen, Date.now()));
  if (device.addedAt === undefined) return <>{seen}</>;
  return (
    <>
      {seen} · {t.settings.deviceAdded(format.ago(device.addedAt, Date.now()))}
    </>
  );
}

function Rename({ device, onClose }: { device: OwnDevice; onClose: () => void }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [name, setName] = useState(device.name);
  return (
    <Dialog title={t.settings.renameDevice(device.name)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = name.trim();
          if (wanted === "") return;
          if (wanted !== device.name) {
            app.attempt(() => kit.devices.rename(device.deviceId, wanted));
          }
          onClose();
        }}
      >
        <div class="dialog-body">
          <Field
            label={t.settings.deviceName}
            maxLength={limits.MAX_DEVICE_NAME_LENGTH}
            value={name}
            onText={setName}
            autofocus
          />
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button kind="primary" type="submit" disabled={name.trim() === ""}>
            {t.common.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
