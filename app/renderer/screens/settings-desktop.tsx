import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import * as v from "valibot";
import type { BridgeDesktop } from "../../preload/bridge.ts";
import { IconButton } from "../components/button.tsx";
import { useApp, useText } from "../components/context.tsx";
import { Choice, Switch } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import type { Desktop, SettingKey } from "../platform/platform.ts";

/** In minutes; as the main process, which does the waiting, takes them. */
const IDLE_CHOICES = ["5", "10", "30", "0"] as const;
const IDLE_DEFAULT = "10";
/** As the main process takes them. */
const MAX_SPELL_LANGUAGES = 4;
const Languages = v.fallback(v.array(v.string()), []);

/** How the app lives on this machine. Only where there is a desktop around the window. */
export function DesktopSection(): JSX.Element | null {
  const { desktop } = useApp().platform;
  return desktop === undefined ? null : <DesktopForm desktop={desktop} />;
}

function DesktopForm({ desktop }: { desktop: Desktop }): JSX.Element | null {
  const app = useApp();
  const [machine, setMachine] = useState<BridgeDesktop>();
  useEffect(() => {
    app.attempt(async () => setMachine(await desktop.look()));
  }, [app, desktop]);
  if (machine === undefined) return null;
  return (
    <div class="settings-form">
      <WindowPart desktop={desktop} machine={machine} />
      <IdlePart />
      {desktop.features.spellCheck && <SpellPart desktop={desktop} machine={machine} />}
      <KeysPart guarded={machine.guardedKeys} />
    </div>
  );
}

function WindowPart(props: { desktop: Desktop; machine: BridgeDesktop }): JSX.Element {
  const { desktop, machine } = props;
  const app = useApp();
  const { t } = useText();
  const { tray, loginItem } = desktop.features;
  const closeToTray = useSetting("closeToTray", v.fallback(v.boolean(), tray));
  const startMinimised = useSetting("startMinimised", v.fallback(v.boolean(), false));
  const [opens, setOpens] = useState(machine.loginItem);
  const fixed = app.platform.policy?.fixed.includes("autoStart") === true;
  return (
    <>
      {loginItem && (
        <Switch
          label={t.desktop.loginItem}
          hint={fixed ? t.policy.setBy : t.desktop.loginItemHint}
          checked={opens}
          disabled={fixed}
          onChange={(wanted) => {
            setOpens(wanted);
            app.attempt(async () => {
              try {
                await desktop.setLoginItem(wanted);
              } finally {
                // What the system made of it.
                setOpens((await desktop.look()).loginItem);
              }
            });
          }}
        />
      )}
      <SettingSwitch
        setting={startMinimised}
        label={t.desktop.startMinimised}
        hint={t.desktop.startMinimisedHint}
      />
      {/* A program on macOS always does. */}
      {desktop.os !== "mac" && (
        <SettingSwitch
          setting={closeToTray}
          label={t.desktop.closeToTray}
          hint={tray ? t.desktop.closeToTrayHint : t.desktop.closeToTrayNoTray}
        />
      )}
    </>
  );
}

function IdlePart(): JSX.Element {
  const { t } = useText();
  const minutes = useSetting("idleMinutes", v.fallback(v.number(), Number(IDLE_DEFAULT)));
  const value = IDLE_CHOICES.find((choice) => Number(choice) === minutes.value.value);
  return (
    <Choice
      label={t.desktop.idle}
      value={value ?? IDLE_DEFAULT}
      options={IDLE_CHOICES.map((choice) => ({
        value: choice,
        label: t.desktop.idleMinutes(Number(choice)),
      }))}
      onChange={(choice) => minutes.set(Number(choice))}
    />
  );
}

function SpellPart(props: { desktop: Desktop; machine: BridgeDesktop }): JSX.Element {
  const { t, language } = useText();
  const chosen = useSetting("spellLanguages", Languages);
  const listId = useId();
  if (props.desktop.os === "mac") {
    return (
      <Switch
        label={t.desktop.spellingSystem}
        hint={t.desktop.spellingSystemHint}
        checked={chosen.value.value.length > 0}
        onChange={(wanted) => chosen.set(wanted ? ["auto"] : [])}
      />
    );
  }
  const names = new Intl.DisplayNames([language], { type: "language" });
  const nameOf = (tag: string): string => names.of(tag) ?? tag;
  const languages = chosen.value.value;
  const collator = new Intl.Collator(language);
  const others = props.machine.spellLanguages
    .filter((tag) => !languages.includes(tag))
    .toSorted((a, b) => collator.compare(nameOf(a), nameOf(b)));
  const full = languages.length >= MAX_SPELL_LANGUAGES;
  return (
    <fieldset class="spelling">
      <legend>{t.desktop.spelling}</legend>
      <p class="switch-hint">{t.desktop.spellingText}</p>
      {languages.length > 0 && (
        <ul class="spelling-list">
          {languages.map((tag) => (
            <li key={tag}>
              <span>{nameOf(tag)}</span>
              <IconButton
                icon="close"
                label={t.desktop.spellingRemove(nameOf(tag))}
                onClick={() => chosen.set(languages.filter((other) => other !== tag))}
              />
            </li>
          ))}
        </ul>
      )}
      {full ? (
        <p class="switch-hint">{t.desktop.spellingFull}</p>
      ) : (
        <>
          <label class="visually-hidden" for={listId}>
            {t.desktop.spellingAdd}
          </label>
          <select
            id={listId}
            class="spelling-add"
            value=""
            onChange={(event) => {
              const tag = event.currentTarget.value;
              if (others.includes(tag)) chosen.set([...languages, tag]);
              event.currentTarget.value = "";
            }}
          >
            <option value="">{t.desktop.spellingAdd}</option>
            {others.map((tag) => (
              <option key={tag} value={tag}>
                {nameOf(tag)}
              </option>
            ))}
          </select>
        </>
      )}
    </fieldset>
  );
}

function KeysPart({ guarded }: { guarded: boolean }): JSX.Element {
  const { t } = useText();
  return (
    <section class="keys-part" aria-label={t.desktop.keys}>
      <p class={`note ${guarded ? "" : "note-warn"}`}>
        <Icon name={guarded ? "shield" : "alert"} size={18} />
        {guarded ? t.desktop.keysGuarded : t.desktop.keysUnguarded}
      </p>
    </section>
  );
}

interface Setting<Output> {
  readonly value: Signal<Output>;
  set(value: Output): void;
}

/** A setting that the main process acts upon; the default until it has been read. */
function useSetting<Output>(
  key: SettingKey,
  schema: v.GenericSchema<unknown, Output>,
): Setting<Output> {
  const { platform } = useApp();
  const value = useSignal(v.parse(schema, undefined));
  useEffect(() => {
    void platform.readSetting(key).then((stored) => {
      value.value = v.parse(schema, stored);
    });
    // The schema is another object every time, and says the same.
  }, [platform, key, value]);
  return {
    value,
    set(next) {
      value.value = next;
      void platform.writeSetting(key, next);
    },
  };
}

function SettingSwitch(props: {
  setting: Setting<boolean>;
  label: string;
  hint: string;
}): JSX.Element {
  const { setting, label, hint } = props;
  return (
    <Switch
      label={label}
      hint={hint}
      checked={setting.value.value}
      onChange={(checked) => setting.set(checked)}
    />
  );
}
