import { expect, it } from "vitest";
import { contextMenuTemplate, type PressedPlace } from "./context-menu.ts";
import { shellWords } from "./words.ts";

const done: unknown[][] = [];
const actions = {
  replaceMisspelling: (word: string) => void done.push(["replace", word]),
  learn: (word: string) => void done.push(["learn", word]),
  copyText: (text: string) => void done.push(["copy", text]),
};

function menuAt(place: Partial<PressedPlace>) {
  const template = contextMenuTemplate(
    {
      isEditable: false,
      selectionText: "",
      linkURL: "",
      misspelledWord: "",
      dictionarySuggestions: [],
      editFlags: { canCut: false, canCopy: true, canPaste: true, canSelectAll: true },
      ...place,
    },
    shellWords("en"),
    actions,
  );
  const press = (label: string): void => {
    const item = template.find((candidate) => candidate.label === label);
    Reflect.apply(item?.click ?? (() => done.push(["no such item"])), undefined, []);
  };
  return { template, labels: template.flatMap(({ label }) => label ?? []), press };
}

it("offers what a text field takes", () => {
  const { template, labels } = menuAt({ isEditable: true });
  expect(labels).toEqual(["Cut", "Copy", "Paste", "Paste as Plain Text", "Select All"]);
  expect(template[0]?.enabled).toBe(false);
  expect(template[1]?.enabled).toBe(true);
});

it("offers other spellings, a few, and to learn the word", () => {
  const { labels, press } = menuAt({
    isEditable: true,
    misspelledWord: "teh",
    dictionarySuggestions: ["the", "tea & co", "ten", "tee", "tech", "teeth"],
  });
  expect(labels.slice(0, 6)).toEqual([
    "the",
    "tea && co",
    "ten",
    "tee",
    "tech",
    "Add to Dictionary",
  ]);
  press("tea && co");
  press("Add to Dictionary");
  expect(done.splice(0)).toEqual([
    ["replace", "tea & co"],
    ["learn", "teh"],
  ]);
  expect(menuAt({ isEditable: true, misspelledWord: "xqz" }).labels[0]).toBe("No Suggestions");
});

it("copies what is selected and links to the web, and is absent elsewhere", () => {
  expect(menuAt({}).labels).toEqual([]);
  expect(menuAt({ selectionText: " " }).labels).toEqual([]);
  expect(menuAt({ selectionText: "words" }).labels).toEqual(["Copy"]);
  const { labels, press } = menuAt({ linkURL: "https://example.org/" });
  expect(labels).toEqual(["Copy Link"]);
  press("Copy Link");
  expect(done.splice(0)).toEqual([["copy", "https://example.org/"]]);
  expect(menuAt({ linkURL: "app://beeline/" }).labels).toEqual([]);
});
