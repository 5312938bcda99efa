import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RosterEntry, UserId } from "../../../shared/protocol/index.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { entryName } from "../model/buddies.ts";
import { DoctorDialog } from "./doctor-dialog.tsx";
import { LinkLine } from "./link-line.tsx";

/** For each buddy who is there: the path, its round trip, its candidates and its traffic. */
export function NetworkSection(): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [examined, setExamined] = useState<UserId>();
  const links = account.links.value;
  const linked = new Set(links.map(({ userId }) => userId));
  const people = [...account.roster.value.values()]
    .filter(
      ({ state, presence, profile }) =>
        state === "buddies" && (presence.endpoints.length > 0 || linked.has(profile.userId)),
    )
    .toSorted((a, b) => entryName(a).localeCompare(entryName(b)));
  const entry = examined === undefined ? undefined : account.roster.value.get(examined);
  return (
    <>
      <p class="dialog-text">{people.length === 0 ? t.network.empty : t.network.text}</p>
      <ul class="network-list">
        {people.map((person) => (
          <Person
            key={person.profile.userId}
            person={person}
            onExamine={() => setExamined(person.profile.userId)}
          />
        ))}
      </ul>
      {people.length > 0 && (
        <Button
          icon="retry"
          onClick={() =>
            app.attempt(() =>
              Promise.all(people.map(({ profile }) => account.kit.network.measure(profile.userId))),
            )
          }
        >
          {t.network.measure}
        </Button>
      )}
      {entry !== undefined && (
        <DoctorDialog
          peer={entry.profile.userId}
          name={entryName(entry)}
          onClose={() => setExamined(undefined)}
        />
      )}
    </>
  );
}

function Person(props: { person: RosterEntry; onExamine: () => void }): JSX.Element {
  const { person, onExamine } = props;
  const account = useAccount();
  const { t } = useText();
  const name = entryName(person);
  const { userId } = person.profile;
  const own = account.links.value.filter((link) => link.userId === userId);
  const online = new Set([
    ...own.map(({ deviceId }) => deviceId),
    ...person.presence.endpoints.map(({ deviceId }) => deviceId),
  ]);
  return (
    <li class="network-person" data-testid="network-person">
      <Avatar id={userId} name={name} size={36} show={person.presence.show} />
      <div class="network-words">
        <p class="device-name">
          <bdi>{name}</bdi>
        </p>
        {[...online].map((deviceId) => (
          <div key={deviceId} class="network-device">
            {online.size > 1 && (
              <p class="device-times">
                <bdi>{person.devices.find((known) => known.deviceId === deviceId)?.name}</bdi>
              </p>
            )}
            <LinkLine link={own.find((link) => link.deviceId === deviceId)} />
          </div>
        ))}
      </div>
      <IconButton icon="pulse" label={t.network.checkOf(name)} onClick={onExamine} />
    </li>
  );
}
