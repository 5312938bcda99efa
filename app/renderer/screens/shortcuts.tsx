import type { JSX } from "preact";
import { useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { commandWords, type Command } from "../model/commands.ts";
import { shortcutWords } from "../model/shortcuts.ts";

const COMMANDS: readonly Command[] = [
  "search",
  "new-conversation",
  "new-group",
  "next-conversation",
  "previous-conversation",
  "settings",
  "shortcuts",
];

/** Everything that the keyboard does at once, as it is written on this machine's keys. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const { kind } = app.platform;
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  const several = app.slots.value.length > 1;
  const commands = COMMANDS.flatMap((command) => {
    const keys = commandWords(command, kind, mac);
    return keys === undefined ? [] : [[t.desktop.commands[command], keys] as const];
  });
  const rows: readonly (readonly [string, string])[] = [
    ...commands,
    [t.desktop.find, mac ? "⌘F" : "Ctrl+F"],
    [t.desktop.send, "Enter"],
    [t.desktop.newLine, "Shift+Enter"],
    [t.desktop.escape, "Esc"],
    ...(app.lock.enabled.value ? [[t.desktop.lock, shortcutWords("lock", kind)] as const] : []),
    ...(several ? [[t.desktop.accounts, shortcutWords("accounts", kind)] as const] : []),
  ];
  return (
    <Dialog title={t.desktop.shortcuts} onClose={onClose}>
      <dl class="shortcuts">
        {rows.map(([label, keys]) => (
          <div key={label} class="shortcut">
            <dt>{label}</dt>
            <dd>
              <kbd>{keys}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
