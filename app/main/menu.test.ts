import type { MenuItemConstructorOptions } from "electron";
import { describe, expect, it } from "vitest";
import { MENU_COMMANDS } from "../preload/channels.ts";
import { menuTemplate } from "./menu.ts";
import { firstLanguage, shellWords } from "./words.ts";

/** All items that can be pressed. */
function itemsOf(template: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return template.flatMap((item) =>
    Array.isArray(item.submenu) ? itemsOf(item.submenu) : item.type === "separator" ? [] : [item],
  );
}

describe.each(["linux", "darwin", "win32"] as const)("the menu on %s", (platform) => {
  it("has every command once, and tells the page", () => {
    const told: string[] = [];
    const items = itemsOf(
      menuTemplate(platform, shellWords("en"), (command) => told.push(command), false),
    );
    const own = items.filter(({ id }) => id !== undefined);
    for (const { click } of own) Reflect.apply(click ?? (() => undefined), undefined, []);
    expect(told.toSorted()).toEqual(MENU_COMMANDS.toSorted());
    // The page hears these keys itself: pressed once they must not do it twice.
    const shown = own.filter(({ accelerator }) => accelerator !== undefined);
    for (const { registerAccelerator } of shown) expect(registerAccelerator).toBe(false);
  });

  it("has the roles that people expect, in the words of their language", () => {
    const items = itemsOf(menuTemplate(platform, shellWords("zh-CN"), () => undefined, true));
    const roles = items.map(({ role }) => role);
    for (const role of ["undo", "cut", "copy", "paste", "zoomIn", "close", "quit"] as const) {
      expect(roles).toContain(role);
    }
    for (const { label } of items) expect(label).toMatch(/\p{Script=Han}/u);
  });

  it("zooms in with and without Shift, and shows that once", () => {
    const items = itemsOf(menuTemplate(platform, shellWords("en"), () => undefined, false));
    const zoom = items.filter(({ role }) => role === "zoomIn");
    expect(zoom.map(({ accelerator, visible }) => [accelerator, visible])).toEqual([
      [undefined, undefined],
      ["CommandOrControl+=", false],
    ]);
  });

  it("has the developer tools in no package: they would open what the app lock closes", () => {
    const rolesOf = (forDevelopers: boolean) =>
      itemsOf(menuTemplate(platform, shellWords("en"), () => undefined, forDevelopers)).map(
        ({ role }) => role,
      );
    expect(rolesOf(true)).toContain("toggleDevTools");
    expect(rolesOf(false)).not.toContain("toggleDevTools");
  });
});

it("begins in the chosen language, or the system's", () => {
  expect(firstLanguage("zh-CN", "en-GB")).toBe("zh-CN");
  expect(firstLanguage("en", "zh-TW")).toBe("en");
  expect(firstLanguage(undefined, "zh-Hans-CN")).toBe("zh-CN");
  expect(firstLanguage("tlh", "de-DE")).toBe("en");
});
