import { Fragment, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DeviceDelivery, Message, MessageDetails } from "../../../shared/chatkit/api.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { PathGlyph } from "../components/path-glyph.tsx";
import { MemberList } from "./message-members.tsx";

/** What one device hears of it may change while one looks, without a word to anybody else. */
const REFRESH_MS = 2_000;

/** The way of one message, to every device, with the times; and what became of it since. */
export function MessageDetailsDialog(props: {
  readonly message: Message;
  readonly onClose: () => void;
}): JSX.Element {
  const { message, onClose } = props;
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [details, setDetails] = useState<MessageDetails>();
  useEffect(() => {
    const look = (): void => app.attempt(async () => setDetails(await kit.details(message.id)));
    look();
    const timer = setInterval(look, REFRESH_MS);
    return () => clearInterval(timer);
  }, [kit, message.id]);
  return (
    <Dialog title={t.conversations.details} onClose={onClose}>
      <div class="dialog-body message-details" data-testid="message-details">
        {details !== undefined && <Facts details={details} />}
      </div>
    </Dialog>
  );
}

function Facts({ details }: { readonly details: MessageDetails }): JSX.Element {
  const account = useAccount();
  const { self } = account;
  const { t, format } = useText();
  const { devices, from, members, message, reactions } = details;
  const { delivery, editedAt, own, receivedAt, sentAt } = message;
  const words = t.conversations;
  const nameOf = (userId: Message["from"]): string => {
    return userId === self.value?.profile.userId ? t.chat.you : account.nameOf(userId);
  };
  const facts: readonly (readonly [string, string])[] = [
    [words.detailsSentBy, [nameOf(from.userId), from.name].filter(Boolean).join(" · ")],
    [words.detailsSentAt, format.full(sentAt)],
    ...(own ? [] : [[words.detailsReceivedAt, format.full(receivedAt)] as const]),
    ...(editedAt === undefined ? [] : [[words.detailsEditedAt, format.full(editedAt)] as const]),
    ...(delivery.state === "read"
      ? [[words.detailsReadAt, format.full(delivery.at)] as const]
      : []),
  ];
  const theirs = devices.filter((device) => !device.own);
  const ours = devices.filter((device) => device.own);
  return (
    <>
      <dl class="details-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
      {delivery.state === "received" && (
        <p class="details-path">
          <PathGlyph path={delivery.path} /> {t.delivery.receivedLong[delivery.path]}
        </p>
      )}
      {members === undefined ? (
        <DeviceList title={words.detailsDevices} devices={theirs} />
      ) : (
        <MemberList members={members} />
      )}
      <DeviceList title={words.detailsOwnDevices} devices={ours} />
      {reactions.length > 0 && (
        <section>
          <h3>{words.detailsReactions}</h3>
          <ul class="details-list">
            {reactions.map(({ at, emoji, userId }) => (
              <li key={userId} class="details-reaction">
                <span class="details-emoji">{emoji}</span>
                <bdi>{nameOf(userId)}</bdi>
                <time dateTime={new Date(at).toISOString()}>{format.full(at)}</time>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function DeviceList(props: {
  readonly title: string;
  readonly devices: readonly DeviceDelivery[];
}): JSX.Element | null {
  const { t } = useText();
  if (props.devices.length === 0) return null;
  return (
    <section>
      <h3>{props.title}</h3>
      <ul class="details-list">
        {props.devices.map((device) => (
          <li key={device.deviceId} class="device" data-testid="details-device">
            <Icon name="device" />
            <div class="device-words">
              <p class="device-name">
                <bdi>{device.name ?? t.conversations.detailsUnknownDevice}</bdi>
                <span class={device.state === "delivered" ? "badge badge-good" : "badge"}>
                  {t.conversations.deviceStates[device.state]}
                </span>
              </p>
              <Steps device={device} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Steps({ device }: { readonly device: DeviceDelivery }): JSX.Element {
  const { t, format } = useText();
  const { deliveredAt, path, reason, sentAt, storedAt } = device;
  const { steps } = t.conversations;
  const times = [
    [steps.sent, sentAt],
    [steps.stored, storedAt],
    [steps.delivered, deliveredAt],
  ] as const;
  return (
    <>
      {path !== undefined && (
        <p class="details-path">
          <PathGlyph path={path} /> {t.delivery.path[path]}
          {reason !== undefined && ` · ${t.delivery.reason[reason]}`}
        </p>
      )}
      <dl>
        {times.map(
          ([name, at]) =>
            at !== undefined && (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>{format.full(at)}</dd>
              </Fragment>
            ),
        )}
      </dl>
    </>
  );
}
