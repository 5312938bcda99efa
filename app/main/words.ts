/** What the shell itself says, before there is a page and where no page can: menus, tray, dialogs. */
import type { BridgeShow, BridgeState } from "../preload/bridge.ts";

export type ShellLanguage = BridgeState["language"];

const en = {
  about: "About Beeline",
  settings: "Settings…",
  services: "Services",
  hide: "Hide Beeline",
  hideOthers: "Hide Others",
  showAll: "Show All",
  quit: "Quit Beeline",
  file: "File",
  newConversation: "New Conversation…",
  newGroup: "New Group…",
  close: "Close Window",
  edit: "Edit",
  undo: "Undo",
  redo: "Redo",
  cut: "Cut",
  copy: "Copy",
  copyLink: "Copy Link",
  paste: "Paste",
  pasteAsText: "Paste as Plain Text",
  selectAll: "Select All",
  search: "Search…",
  view: "View",
  actualSize: "Actual Size",
  zoomIn: "Zoom In",
  zoomOut: "Zoom Out",
  fullScreen: "Full Screen",
  developerTools: "Developer Tools",
  go: "Go",
  nextConversation: "Next Conversation",
  previousConversation: "Previous Conversation",
  window: "Window",
  minimise: "Minimise",
  zoom: "Zoom",
  toFront: "Bring All to Front",
  help: "Help",
  shortcuts: "Keyboard Shortcuts",
  open: "Open Beeline",
  presence: {
    online: "Online",
    away: "Away",
    busy: "Busy",
    offline: "Appear Offline",
  } satisfies Record<BridgeShow, string>,
  unread: (count: number) =>
    count === 1 ? "Beeline: 1 unread message" : `Beeline: ${count} unread messages`,
  noSpelling: "No Suggestions",
  learn: "Add to Dictionary",
  reply: "Reply…",
  mute: "Mute for 1 Hour",
  crashedTitle: "Beeline’s window has stopped working",
  crashedText: "It failed several times in a minute. Your messages are kept.",
  reload: "Open It Again",
  hangsTitle: "Beeline’s window does not answer",
  hangsText: "You can wait, or open it again. Your messages are kept.",
  wait: "Wait",
};

/** The shape of every catalogue. */
export type ShellWords = typeof en;

const zhCn: ShellWords = {
  about: "关于 Beeline",
  settings: "设置…",
  services: "服务",
  hide: "隐藏 Beeline",
  hideOthers: "隐藏其他",
  showAll: "全部显示",
  quit: "退出 Beeline",
  file: "文件",
  newConversation: "新建对话…",
  newGroup: "新建群组…",
  close: "关闭窗口",
  edit: "编辑",
  undo: "撤销",
  redo: "重做",
  cut: "剪切",
  copy: "复制",
  copyLink: "复制链接",
  paste: "粘贴",
  pasteAsText: "粘贴为纯文本",
  selectAll: "全选",
  search: "搜索…",
  view: "显示",
  actualSize: "实际大小",
  zoomIn: "放大",
  zoomOut: "缩小",
  fullScreen: "全屏",
  developerTools: "开发者工具",
  go: "前往",
  nextConversation: "下一个对话",
  previousConversation: "上一个对话",
  window: "窗口",
  minimise: "最小化",
  zoom: "缩放",
  toFront: "前置全部窗口",
  help: "帮助",
  shortcuts: "键盘快捷键",
  open: "打开 Beeline",
  presence: { online: "在线", away: "离开", busy: "忙碌", offline: "隐身" },
  unread: (count) => `Beeline：${count} 条未读消息`,
  noSpelling: "没有建议",
  learn: "添加到词典",
  reply: "回复…",
  mute: "静音 1 小时",
  crashedTitle: "Beeline 的窗口停止工作了",
  crashedText: "一分钟内多次出错。你的消息都还在。",
  reload: "重新打开",
  hangsTitle: "Beeline 的窗口没有响应",
  hangsText: "你可以继续等待，或者重新打开。你的消息都还在。",
  wait: "等待",
};

export function shellWords(language: ShellLanguage): ShellWords {
  return language === "zh-CN" ? zhCn : en;
}

/** The language before the page has told its own: the chosen one, or the system's. */
export function firstLanguage(chosen: unknown, systemLocale: string): ShellLanguage {
  if (chosen === "en" || chosen === "zh-CN") return chosen;
  return systemLocale.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}
