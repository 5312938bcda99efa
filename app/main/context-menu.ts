import type { MenuItemConstructorOptions } from "electron";
import type { ShellWords } from "./words.ts";

/** What Chromium tells of the place that was pressed; the part that is used. */
export interface PressedPlace {
  readonly isEditable: boolean;
  readonly selectionText: string;
  readonly linkURL: string;
  readonly misspelledWord: string;
  readonly dictionarySuggestions: readonly string[];
  readonly editFlags: {
    readonly canCut: boolean;
    readonly canCopy: boolean;
    readonly canPaste: boolean;
    readonly canSelectAll: boolean;
  };
}

export interface ContextActions {
  replaceMisspelling(word: string): void;
  learn(word: string): void;
  copyText(text: string): void;
}

/** More do not help, and hide what is below them. */
const MAX_SUGGESTIONS = 5;

/** Spelling, cut, copy and paste, as in any text field; empty where there is nothing to do. */
export function contextMenuTemplate(
  place: PressedPlace,
  t: ShellWords,
  actions: ContextActions,
): MenuItemConstructorOptions[] {
  const { isEditable, misspelledWord, dictionarySuggestions, editFlags } = place;
  const template: MenuItemConstructorOptions[] = [];
  if (isEditable && misspelledWord !== "") {
    const suggestions = dictionarySuggestions.slice(0, MAX_SUGGESTIONS);
    for (const word of suggestions) {
      template.push({ label: plain(word), click: () => actions.replaceMisspelling(word) });
    }
    if (suggestions.length === 0) template.push({ label: t.noSpelling, enabled: false });
    template.push(
      { type: "separator" },
      { id: "learn", label: t.learn, click: () => actions.learn(misspelledWord) },
      { type: "separator" },
    );
  }
  if (isEditable) {
    template.push(
      { role: "cut", label: t.cut, enabled: editFlags.canCut },
      { role: "copy", label: t.copy, enabled: editFlags.canCopy },
      { role: "paste", label: t.paste, enabled: editFlags.canPaste },
      { role: "pasteAndMatchStyle", label: t.pasteAsText, enabled: editFlags.canPaste },
      { type: "separator" },
      { role: "selectAll", label: t.selectAll, enabled: editFlags.canSelectAll },
    );
    return template;
  }
  if (/^https?:/i.test(place.linkURL)) {
    const { linkURL } = place;
    template.push({ id: "copy-link", label: t.copyLink, click: () => actions.copyText(linkURL) });
  }
  if (place.selectionText.trim() !== "") template.push({ role: "copy", label: t.copy });
  return template;
}

/** `&` marks the next letter as a key in menus. */
function plain(label: string): string {
  return label.replaceAll("&", "&&");
}
