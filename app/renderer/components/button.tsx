import type { ButtonHTMLAttributes, JSX } from "preact";
import { Icon, type IconName } from "./icons.tsx";
import { Tooltip } from "./tooltip.tsx";

type Common = Omit<ButtonHTMLAttributes, "icon" | "label">;

export interface ButtonProps extends Common {
  readonly kind?: "primary" | "plain" | "quiet" | "danger" | "danger-quiet";
  readonly icon?: IconName;
  readonly busy?: boolean;
}

export function Button({
  kind = "plain",
  icon,
  busy = false,
  children,
  disabled,
  ...rest
}: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      {...rest}
      class={`button button-${kind} ${busy ? "is-busy" : ""}`}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} size={18} />}
      <span class="button-text">{children}</span>
    </button>
  );
}

export interface IconButtonProps extends Common {
  readonly icon: IconName;
  /** Its name: read aloud, and shown as a tooltip. */
  readonly label: string;
  readonly kind?: "quiet" | "primary";
}

export function IconButton({ icon, label, kind = "quiet", ...rest }: IconButtonProps): JSX.Element {
  return (
    <Tooltip text={label} asLabel>
      <button type="button" {...rest} class={`icon-button icon-button-${kind}`} aria-label={label}>
        <Icon name={icon} />
      </button>
    </Tooltip>
  );
}
