import type { ComponentChildren, JSX } from "preact";
import { moveWithArrows } from "./arrow-keys.ts";
import { Icon, type IconName } from "./icons.tsx";

/** Things to do, one below the other; arrows go from one to the next. */
export function Menu({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="menu" onKeyDown={(event) => moveWithArrows(event, ".menu-item")}>
      {children}
    </div>
  );
}

export interface MenuItemProps {
  readonly icon?: IconName;
  readonly label: string;
  readonly danger?: boolean;
  readonly onClick: () => void;
}

export function MenuItem({ icon, label, danger = false, onClick }: MenuItemProps): JSX.Element {
  return (
    <button type="button" class={`menu-item ${danger ? "menu-item-danger" : ""}`} onClick={onClick}>
      {icon !== undefined && <Icon name={icon} size={18} />}
      <span>{label}</span>
    </button>
  );
}

/** Is this the key that asks for a context menu? The browser's own event follows on some systems only. */
export function asksForMenu(event: KeyboardEvent): boolean {
  return event.key === "ContextMenu" || (event.shiftKey && event.key === "F10");
}
