import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Conversation } from "../../../shared/chatkit/api.ts";
import { limits, type RosterEntry, type UserId } from "../../../shared/protocol/index.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Field } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import { entryName } from "../model/buddies.ts";
import { mutedUntil } from "../model/mute.ts";
import { ConversationMenu } from "./conversation-menu.tsx";
import { DetailsPanel } from "./details-panel.tsx";
import { HistoryDetails } from "./history-details.tsx";
import { LinkLine } from "./link-line.tsx";
import { presenceLine } from "./presence-line.ts";
import { RouteSetting } from "./route-setting.tsx";
import { SafetyNumberDialog } from "./safety-number.tsx";
import { useSafety } from "./use-safety.ts";

/** What is known of a buddy, and what can be done about them. */
export function Details({ peer, onClose }: { peer: UserId; onClose: () => void }): JSX.Element {
  const account = useAccount();
  const { t, format } = useText();
  const entry = account.roster.value.get(peer);
  const open = account.open.value;
  const model = open?.peer === peer ? open.model : undefined;
  const conversation = account.conversations.value.find((one) => one.peer === peer);
  const name = entry === undefined ? (conversation?.title ?? "") : entryName(entry);
  const thisChat = conversation !== undefined && <ThisChat conversation={conversation} />;
  return (
    <DetailsPanel onClose={onClose}>
      {entry === undefined && (
        // Somebody who is no buddy any more: what was said is here all the same.
        <div class="details-body">
          <div class="details-who">
            <Avatar id={peer} name={name} size={88} />
            <p class="details-name">
              <bdi>{name}</bdi>
            </p>
            <p class="details-status">{t.composer.gone(name)}</p>
          </div>
          {thisChat}
          {model !== undefined && <HistoryDetails key={`h:${peer}`} model={model} name={name} />}
        </div>
      )}
      {entry !== undefined && (
        <div class="details-body">
          <div class="details-who">
            <Avatar id={peer} name={name} size={88} show={entry.presence.show} />
            <p class="details-name">
              <bdi>{name}</bdi>
            </p>
            <p class="details-presence">{presenceLine(t, format, entry, Date.now())}</p>
            {entry.presence.statusText !== "" && (
              <p class="details-status" dir="auto">
                {entry.presence.statusText}
              </p>
            )}
            <p class="details-user">
              <span class="visually-hidden">{t.details.userName}: </span>
              <bdi>@{entry.profile.userName}</bdi>
            </p>
          </div>
          {thisChat}
          {entry.state === "buddies" && <Naming key={peer} entry={entry} />}
          {entry.state === "buddies" && <Verification peer={peer} name={name} />}
          {entry.state === "buddies" && <Devices entry={entry} />}
          {entry.state === "buddies" && <RouteSetting peer={peer} name={name} />}
          {model !== undefined && <HistoryDetails key={`h:${peer}`} model={model} name={name} />}
          <Danger entry={entry} onDone={onClose} />
        </div>
      )}
    </DetailsPanel>
  );
}

/** What the person chose for the conversation, and the way to change it. */
export function ThisChat({ conversation }: { readonly conversation: Conversation }): JSX.Element {
  const { t, format } = useText();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const { archived, pinned } = conversation.settings;
  const muted = mutedUntil(conversation.settings, Date.now());
  const words = t.conversations;
  const chosen = [
    pinned === true ? words.pinned : "",
    archived === true ? words.archived : "",
    muted === undefined
      ? ""
      : muted === Infinity
        ? words.muted
        : words.mutedUntil(format.full(muted)),
  ].filter((text) => text !== "");
  return (
    <section class="details-section">
      <h3>{words.settings}</h3>
      {chosen.length > 0 && <p class="dialog-text">{chosen.join(" · ")}</p>}
      <Button
        icon="more"
        aria-haspopup="dialog"
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        {t.common.more}
      </Button>
      {anchor !== null && (
        <ConversationMenu
          conversation={conversation}
          anchor={anchor}
          onClose={() => setAnchor(null)}
        />
      )}
    </section>
  );
}

function Naming({ entry }: { entry: RosterEntry }): JSX.Element {
  const app = useApp();
  const { kit, roster } = useAccount();
  const { t } = useText();
  const [nickname, setNickname] = useState(entry.nickname);
  const [group, setGroup] = useState(entry.group);
  useEffect(() => {
    setNickname(entry.nickname);
    setGroup(entry.group);
  }, [entry.nickname, entry.group]);
  const changed = nickname.trim() !== entry.nickname || group.trim() !== entry.group;
  const groups = new Set([...roster.value.values()].map((other) => other.group));
  groups.delete("");
  return (
    <form
      class="details-form"
      onSubmit={(event) => {
        event.preventDefault();
        app.attempt(async () => {
          const change = { nickname: nickname.trim(), group: group.trim() };
          await kit.roster.update(entry.profile.userId, change);
          app.toasts.show("success", t.common.saved);
        });
      }}
    >
      <Field
        label={t.details.nickname}
        placeholder={entry.profile.displayName}
        maxLength={limits.MAX_NICKNAME_LENGTH}
        value={nickname}
        onText={setNickname}
        hint={t.details.nicknameHint}
      />
      <Field
        label={t.details.group}
        maxLength={limits.MAX_GROUP_LENGTH}
        value={group}
        onText={setGroup}
        hint={t.details.groupHint}
      />
      {groups.size > 0 && (
        <div class="tags">
          {[...groups].slice(0, 8).map((name) => (
            <button
              key={name}
              type="button"
              class="tag"
              aria-pressed={name === group}
              onClick={() => setGroup(name === group ? "" : name)}
            >
              <bdi>{name}</bdi>
            </button>
          ))}
        </div>
      )}
      {changed && (
        <Button kind="primary" type="submit">
          {t.common.save}
        </Button>
      )}
    </form>
  );
}

/** Whether somebody compared the safety number with them, and the way to do it. */
function Verification({ peer, name }: { peer: UserId; name: string }): JSX.Element {
  const { t } = useText();
  const safety = useSafety(peer);
  const [comparing, setComparing] = useState(false);
  const verified = safety?.verified ?? false;
  return (
    <section class="details-section">
      <h3>{t.safety.heading}</h3>
      <p class={verified ? "note note-good" : "dialog-text"}>
        {verified && <Icon name="shield" size={18} />}
        {verified ? t.safety.isVerified(name) : t.safety.notVerified}
      </p>
      <Button icon="shield" onClick={() => setComparing(true)}>
        {t.safety.show}
      </Button>
      {comparing && (
        <SafetyNumberDialog peer={peer} name={name} onClose={() => setComparing(false)} />
      )}
    </section>
  );
}

function Devices({ entry }: { entry: RosterEntry }): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const links = account.links.value;
  return (
    <section class="details-section">
      <h3>{t.details.devices}</h3>
      {entry.devices.length === 0 && <p class="empty-text">{t.details.noDevices}</p>}
      <ul>
        {entry.devices.map((device) => {
          const endpoint = entry.presence.endpoints.find((e) => e.deviceId === device.deviceId);
          const link = links.find((l) => l.deviceId === device.deviceId);
          return (
            <li key={device.deviceId} class="device">
              <Icon name="device" />
              <div class="device-words">
                <p class="device-name">
                  <bdi>{device.name}</bdi>
                  <span class={endpoint === undefined ? "badge" : "badge badge-good"}>
                    {endpoint === undefined ? t.details.deviceOffline : t.details.deviceOnline}
                  </span>
                </p>
                {endpoint !== undefined && (
                  <dl>
                    <dt>{t.details.seenAs}</dt>
                    <dd>
                      {endpoint.observed.address === HIDDEN_ADDRESS
                        ? t.details.hidden
                        : addressText(endpoint.observed)}
                    </dd>
                    {endpoint.local.length > 0 && (
                      <>
                        <dt>{t.details.ownAddresses}</dt>
                        <dd>{endpoint.local.map(addressText).join(", ")}</dd>
                      </>
                    )}
                  </dl>
                )}
                {(endpoint !== undefined || link !== undefined) && <LinkLine link={link} />}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What the server tells of somebody who asks for the relay alone. */
const HIDDEN_ADDRESS = "0.0.0.0";

function addressText({ address, port }: { address: string; port: number }): string {
  if (port === 0) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function Danger({ entry, onDone }: { entry: RosterEntry; onDone: () => void }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [asking, setAsking] = useState<"block" | "remove">();
  const name = entryName(entry);
  const { userId } = entry.profile;
  return (
    <section class="details-section details-danger">
      {entry.state === "blocked" ? (
        <Button icon="block" onClick={() => app.attempt(() => kit.roster.unblock(userId))}>
          {t.sidebar.unblock}
        </Button>
      ) : (
        <Button kind="danger-quiet" icon="block" onClick={() => setAsking("block")}>
          {t.details.block}
        </Button>
      )}
      {entry.state === "buddies" && (
        <Button kind="danger-quiet" icon="trash" onClick={() => setAsking("remove")}>
          {t.details.removeBuddy}
        </Button>
      )}
      {asking === "block" && (
        <Confirm
          title={t.details.blockTitle(name)}
          text={t.details.blockText}
          action={t.details.block}
          onConfirm={() => app.attempt(() => kit.roster.block(userId))}
          onClose={() => setAsking(undefined)}
        />
      )}
      {asking === "remove" && (
        <Confirm
          title={t.details.removeTitle(name)}
          text={t.details.removeText}
          action={t.common.remove}
          onConfirm={() => {
            app.attempt(() => kit.roster.remove(userId));
            onDone();
          }}
          onClose={() => setAsking(undefined)}
        />
      )}
    </section>
  );
}
