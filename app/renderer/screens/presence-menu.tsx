import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { limits, type Show } from "../../../shared/protocol/index.ts";
import { Avatar, PresenceDot } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Field } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import { Popover } from "../components/popover.tsx";
import type { Catalogue } from "../i18n/en.ts";

const choices: readonly Show[] = ["online", "away", "busy", "offline"];

const choiceName = (t: Catalogue, show: Show): string =>
  show === "offline" ? t.presenceMenu.invisible : t.presence[show];

/** Oneself at the top of the sidebar: name, status, and the menu that changes it. */
export function PresenceMenu(): JSX.Element | null {
  const account = useAccount();
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const self = account.self.value;
  if (self === undefined) return null;
  const { profile, show, statusText } = self;
  const { state } = account.connection.value;
  const connected = state === "online";
  const lost = state === "waiting" || state === "signed-out";
  const name = choiceName(t, show);
  return (
    <>
      <button
        ref={button}
        type="button"
        class="self"
        data-testid="presence-menu"
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Avatar
          id={profile.userId}
          name={profile.displayName}
          size={40}
          show={connected ? show : "offline"}
        />
        <span class="self-words">
          <bdi class="self-name">{profile.displayName}</bdi>
          <span class="self-status" dir="auto">
            {lost ? t.connection.idle : statusText === "" ? name : statusText}
          </span>
        </span>
        <span class="visually-hidden">{t.presenceMenu.change(name)}</span>
        <Icon name="down" size={16} />
      </button>
      {open && (
        <Popover
          anchor={button.current}
          label={t.presenceMenu.title}
          onClose={() => setOpen(false)}
        >
          <PresenceForm show={show} statusText={statusText} onDone={() => setOpen(false)} />
        </Popover>
      )}
    </>
  );
}

function PresenceForm(props: { show: Show; statusText: string; onDone: () => void }): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [text, setText] = useState(props.statusText);
  const set = (show: Show, statusText: string): void =>
    app.attempt(() => kit.setPresence({ show, statusText }));
  return (
    <form
      class="presence-form"
      onSubmit={(event) => {
        event.preventDefault();
        set(props.show, text.trim());
        props.onDone();
      }}
    >
      <fieldset class="presence-choices">
        <legend class="popover-title">{t.presenceMenu.title}</legend>
        {choices.map((show) => (
          <label key={show} class="presence-choice">
            <input
              type="radio"
              name="presence"
              checked={show === props.show}
              onChange={() => set(show, text.trim())}
            />
            <PresenceDot show={show} />
            <span class="presence-words">
              <span>{choiceName(t, show)}</span>
              <span class="presence-hint">{t.presenceMenu.hints[show]}</span>
            </span>
            <Icon name="check" size={18} />
          </label>
        ))}
      </fieldset>
      <Field
        label={t.presenceMenu.text}
        placeholder={t.presenceMenu.textPlaceholder}
        maxLength={limits.MAX_STATUS_TEXT_LENGTH}
        value={text}
        onText={setText}
        end={
          text !== "" && (
            <button
              type="button"
              class="field-toggle"
              aria-label={t.presenceMenu.clear}
              onClick={() => setText("")}
            >
              <Icon name="close" size={16} />
            </button>
          )
        }
      />
      <Button kind="primary" type="submit">
        {t.common.save}
      </Button>
    </form>
  );
}
