import type { MenuItemConstructorOptions } from "electron";
import { expect, it } from "vitest";
import { hasTray, TrayDesk } from "./tray-desk.ts";
import { shellWords, type ShellLanguage } from "./words.ts";

function setUp() {
  const done: string[] = [];
  let menu: MenuItemConstructorOptions[] = [];
  let image = "";
  let toolTip = "";
  let press = (): void => undefined;
  let language: ShellLanguage = "en";
  const tray = new TrayDesk({
    create: (first) => {
      image = first;
      return {
        setImage: (next) => (image = next),
        setToolTip: (text) => (toolTip = text),
        setMenu: (template) => (menu = template),
        onPress: (listener) => (press = listener),
      };
    },
    icons: { plain: "tray.png", unread: "tray-unread.png" },
    words: () => shellWords(language),
    open: () => done.push("open"),
    choose: (show) => done.push(show),
    quit: () => done.push("quit"),
  });
  const labels = (): unknown[] => menu.map(({ label, type }) => label ?? type);
  const pressItem = (id: string): void => {
    const item = menu.find((candidate) => candidate.id === id);
    Reflect.apply(item?.click ?? (() => done.push("no such item")), undefined, []);
  };
  return {
    tray,
    done,
    labels,
    pressItem,
    press: () => press(),
    seen: () => ({ image, toolTip }),
    checked: () => menu.find((item) => item.checked === true)?.id,
    speak: (next: ShellLanguage) => (language = next),
  };
}

it("tells what is unread by its picture and its words", () => {
  const { tray, seen, speak } = setUp();
  expect(seen()).toEqual({ image: "tray.png", toolTip: "Beeline" });
  tray.setUnread(3);
  expect(seen()).toEqual({ image: "tray-unread.png", toolTip: "Beeline: 3 unread messages" });
  speak("zh-CN");
  tray.refresh();
  expect(seen().toolTip).toContain("3 条未读消息");
  tray.setUnread(0);
  expect(seen()).toEqual({ image: "tray.png", toolTip: "Beeline" });
});

it("offers presence to whoever is signed in, and always the window and the end", () => {
  const { tray, done, labels, pressItem, press, checked } = setUp();
  expect(labels()).toEqual(["Open Beeline", "separator", "Quit Beeline"]);
  tray.setShow("busy");
  expect(labels()).toEqual([
    "Open Beeline",
    "separator",
    "Online",
    "Away",
    "Busy",
    "Appear Offline",
    "separator",
    "Quit Beeline",
  ]);
  expect(checked()).toBe("busy");
  pressItem("offline");
  pressItem("open");
  press();
  pressItem("quit");
  expect(done).toEqual(["offline", "open", "open", "quit"]);
  tray.setShow(undefined);
  expect(labels()).toHaveLength(3);
});

it("is where the desktop has a place for it", () => {
  expect(hasTray("win32", undefined)).toBe(true);
  expect(hasTray("darwin", undefined)).toBe(true);
  expect(hasTray("linux", "KDE")).toBe(true);
  expect(hasTray("linux", "ubuntu:GNOME")).toBe(true);
  expect(hasTray("linux", "X-Cinnamon")).toBe(true);
  expect(hasTray("linux", "GNOME")).toBe(false);
  expect(hasTray("linux", undefined)).toBe(false);
});
