import type { MenuItemConstructorOptions } from "electron";
import type { MenuCommand } from "../preload/bridge.ts";
import type { ShellWords } from "./words.ts";

type Item = MenuItemConstructorOptions;

const LINE: Item = { type: "separator" };

/**
 * The application menu: what people expect of any program, and what the page does on a command. Its
 * own shortcuts are only shown here: the page hears them itself, in a browser as well.
 * @param forDevelopers with the page's developer tools, which read what the app lock hides
 */
export function menuTemplate(
  platform: NodeJS.Platform,
  t: ShellWords,
  run: (command: MenuCommand) => void,
  forDevelopers: boolean,
): Item[] {
  const mac = platform === "darwin";
  const own = (command: MenuCommand, label: string, accelerator?: string): Item => ({
    id: command,
    label,
    ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    click: () => run(command),
  });
  const about = own("about", t.about);
  const settings = own("settings", t.settings, "CmdOrCtrl+,");
  const quit: Item = { role: "quit", label: t.quit };
  return [
    ...(mac
      ? [
          {
            label: "Beeline",
            submenu: [
              about,
              LINE,
              settings,
              LINE,
              { role: "services", label: t.services } as const,
              LINE,
              { role: "hide", label: t.hide } as const,
              { role: "hideOthers", label: t.hideOthers } as const,
              { role: "unhide", label: t.showAll } as const,
              LINE,
              quit,
            ],
          },
        ]
      : []),
    {
      label: t.file,
      submenu: [
        own("new-conversation", t.newConversation, "CmdOrCtrl+N"),
        own("new-group", t.newGroup, "CmdOrCtrl+Shift+N"),
        ...(mac ? [] : [LINE, settings]),
        LINE,
        { role: "close", label: t.close },
        ...(mac ? [] : [quit]),
      ],
    },
    {
      label: t.edit,
      submenu: [
        { role: "undo", label: t.undo },
        { role: "redo", label: t.redo },
        LINE,
        { role: "cut", label: t.cut },
        { role: "copy", label: t.copy },
        { role: "paste", label: t.paste },
        { role: "pasteAndMatchStyle", label: t.pasteAsText },
        { role: "selectAll", label: t.selectAll },
        LINE,
        own("search", t.search, "CmdOrCtrl+K"),
      ],
    },
    {
      label: t.view,
      submenu: [
        { role: "resetZoom", label: t.actualSize },
        { role: "zoomIn", label: t.zoomIn },
        // The same key without Shift, as browsers take it; an item has one accelerator.
        { role: "zoomIn", label: t.zoomIn, accelerator: "CommandOrControl+=", visible: false },
        { role: "zoomOut", label: t.zoomOut },
        LINE,
        { role: "togglefullscreen", label: t.fullScreen },
        ...(forDevelopers
          ? [LINE, { role: "toggleDevTools", label: t.developerTools } as const]
          : []),
      ],
    },
    {
      label: t.go,
      submenu: [
        own("next-conversation", t.nextConversation, "Alt+Down"),
        own("previous-conversation", t.previousConversation, "Alt+Up"),
      ],
    },
    {
      label: t.window,
      role: "windowMenu",
      submenu: [
        { role: "minimize", label: t.minimise },
        ...(mac
          ? [
              { role: "zoom", label: t.zoom } as const,
              LINE,
              { role: "front", label: t.toFront } as const,
            ]
          : []),
      ],
    },
    {
      label: t.help,
      role: "help",
      submenu: [own("shortcuts", t.shortcuts, "CmdOrCtrl+/"), ...(mac ? [] : [LINE, about])],
    },
  ];
}
