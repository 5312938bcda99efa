import type { ComponentChildren, JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { useText } from "./context.tsx";
import { Icon, type IconName } from "./icons.tsx";

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onText: (text: string) => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly icon?: IconName;
  readonly end?: ComponentChildren;
  /** Told to password managers and on-screen keyboards. */
  readonly name?: string;
  readonly type?: "text" | "password" | "url";
  readonly autocomplete?: string;
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly autofocus?: boolean;
  /** Shown, and not to be changed. */
  readonly readOnly?: boolean;
}

/** A labelled line of text with its hint or its error. */
export function Field(props: FieldProps): JSX.Element {
  const { label, value, onText, hint, error, icon, end } = props;
  const id = useId();
  const noteId = `${id}-note`;
  const hasNote = error !== undefined || hint !== undefined;
  const input = {
    id,
    value,
    name: props.name,
    autocomplete: props.autocomplete ?? "off",
    placeholder: props.placeholder,
    maxLength: props.maxLength,
    autofocus: props.autofocus ?? false,
    readOnly: props.readOnly ?? false,
    autocapitalize: "off",
    spellcheck: false,
    dir: "auto",
    onInput: (event: InputEvent & { readonly currentTarget: HTMLInputElement }) =>
      onText(event.currentTarget.value),
    "aria-invalid": error !== undefined || undefined,
    "aria-describedby": hasNote ? noteId : undefined,
  } as const;
  return (
    <div class={`field ${error === undefined ? "" : "has-error"}`}>
      <label for={id}>{label}</label>
      <div class="field-box">
        {icon && <Icon name={icon} size={18} />}
        {props.type === "password" ? (
          <input {...input} type="password" />
        ) : (
          <input {...input} type="text" inputMode={props.type === "url" ? "url" : "text"} />
        )}
        {end}
      </div>
      {hasNote && (
        <div id={noteId} class="field-note" role={error === undefined ? undefined : "alert"}>
          {error === undefined ? (
            hint
          ) : (
            <>
              <Icon name="alert" size={15} />
              <span>{error}</span>
            </>
          )}
        </div>
      )}
    </div>
  );
}

/** A password that can be looked at. */
export function PasswordField(props: Omit<FieldProps, "end" | "type">): JSX.Element {
  const { t } = useText();
  const [shown, setShown] = useState(false);
  return (
    <Field
      icon="lock"
      {...props}
      type={shown ? "text" : "password"}
      end={
        <button
          type="button"
          class="field-toggle"
          aria-label={shown ? t.signIn.hidePassword : t.signIn.showPassword}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          <Icon name={shown ? "eyeOff" : "eye"} size={18} />
        </button>
      }
    />
  );
}

export interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

/** One of a few, side by side: radio buttons in the shape of a segmented control. */
export function Choice<T extends string>(props: ChoiceProps<T>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <div class="choice-options">
        {props.options.map(({ value, label }) => (
          <label key={value} class="choice-option">
            <input
              type="radio"
              name={name}
              checked={value === props.value}
              onChange={() => props.onChange(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export interface SwitchProps {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Switch(props: SwitchProps): JSX.Element {
  const hintId = useId();
  return (
    <label class="switch">
      <span class="switch-words">
        <span>{props.label}</span>
        {props.hint !== undefined && (
          <span id={hintId} class="switch-hint">
            {props.hint}
          </span>
        )}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={props.checked}
        disabled={props.disabled ?? false}
        aria-describedby={props.hint === undefined ? undefined : hintId}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span class="switch-track" aria-hidden="true" />
    </label>
  );
}
