import { expect, test } from "vitest";
import { commandOf, commandWords, Commands, type CommandKeys } from "./commands.ts";

const press = (keys: Partial<CommandKeys>): CommandKeys => ({
  code: "",
  key: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...keys,
});

test("a command is done by the screen that came last, and by nobody when it has gone", () => {
  const commands = new Commands();
  const done: string[] = [];
  expect(commands.run("search")).toBe(false);
  const endOne = commands.on("search", () => done.push("one"));
  const endOther = commands.on("search", () => done.push("other"));
  expect(commands.run("search")).toBe(true);
  endOther();
  commands.run("search");
  endOne();
  expect(commands.run("search")).toBe(false);
  expect(done).toEqual(["other", "one"]);
});

test("keys ask for commands", () => {
  const host = "electron";
  expect(commandOf(press({ ctrlKey: true, key: "," }), host)).toBe("settings");
  expect(commandOf(press({ metaKey: true, key: "," }), host)).toBe("settings");
  expect(commandOf(press({ ctrlKey: true, shiftKey: true, key: "/" }), host)).toBe("shortcuts");
  expect(commandOf(press({ altKey: true, code: "ArrowDown" }), host)).toBe("next-conversation");
  expect(commandOf(press({ altKey: true, code: "ArrowUp" }), host)).toBe("previous-conversation");
});

test("what types or belongs to the browser asks for nothing", () => {
  expect(commandOf(press({ ctrlKey: true, key: "n" }), "electron")).toBe("new-conversation");
  expect(commandOf(press({ ctrlKey: true, key: "n" }), "browser")).toBeUndefined();
  expect(commandOf(press({ ctrlKey: true, shiftKey: true, key: "N" }), "electron")).toBe(
    "new-group",
  );
  expect(commandOf(press({ ctrlKey: true, shiftKey: true, key: "N" }), "browser")).toBeUndefined();
  for (const keys of [
    press({ key: "," }),
    press({ shiftKey: true, key: "N" }),
    // AltGr is Ctrl and Alt.
    press({ ctrlKey: true, altKey: true, key: "," }),
    press({ ctrlKey: true, metaKey: true, key: "," }),
    press({ altKey: true, shiftKey: true, code: "ArrowDown" }),
    press({ altKey: true, code: "KeyK", key: "k" }),
    press({ ctrlKey: true, key: "Control" }),
  ]) {
    expect(commandOf(keys, "electron")).toBeUndefined();
  }
});

test("keys are written as on the keyboard", () => {
  expect(commandWords("search", "browser", false)).toBe("Ctrl+K");
  expect(commandWords("search", "browser", true)).toBe("⌘K");
  expect(commandWords("new-conversation", "browser", false)).toBeUndefined();
  expect(commandWords("new-conversation", "electron", true)).toBe("⌘N");
  expect(commandWords("new-group", "electron", false)).toBe("Ctrl+Shift+N");
  expect(commandWords("next-conversation", "electron", false)).toBe("Alt+↓");
  expect(commandWords("about", "electron", false)).toBeUndefined();
});
