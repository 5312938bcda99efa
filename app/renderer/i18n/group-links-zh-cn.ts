import type { groupLinksEn } from "./group-links-en.ts";

/** 通过链接加入群组。 */
export const groupLinksZhCn: typeof groupLinksEn = {
  title: "加入群组",
  paste: "邀请链接",
  pasteHint: "粘贴别人发给你的链接。",
  look: "继续",
  looking: "正在查看邀请…",
  required: "请在此粘贴邀请链接。",
  invalid: "这不是群组的邀请链接。",
  unnamed: "群组",
  membersHint: "群组成员都能看到你的名字。你只能看到加入之后的消息。",
  as: "加入身份",
  join: "加入",
  joining: "正在加入…",
  joined: (name) => `你已加入“${name}”。`,
  already: "你已经在这个群组里了。",
  open: "打开群组",
  otherServer: "此群组所在的服务器你尚未登录。",
  signIn: "登录该服务器",
  another: "换一个链接",
  haveLink: "我有邀请链接",
};
