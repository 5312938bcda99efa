import type {
  HistoryRecords,
  MessageEntry,
} from "../../../shared/chatkit/history/history-records.ts";
import { textOf } from "../../../shared/chatkit/history/message-text.ts";
import type { UserId } from "../../../shared/protocol/index.ts";
import type { Catalogue } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";
import { membershipNote } from "./body.ts";
import { fileBody } from "./files.ts";
import { membershipText } from "./group-words.ts";
import { archiveName, fileKind, safeName } from "./file-kind.ts";
import { linkParts } from "./linkify.ts";

/** Messages of one page: what a browser shows without waiting. */
const PAGE = 1_500;

/** From then every day is told with its date. */
const FAR = Date.UTC(2200, 0);

export interface PageWords {
  readonly t: Catalogue;
  readonly format: Format;
  readonly language: string;
  readonly direction: "ltr" | "rtl";
  /** People of groups. */
  readonly nameOf: (userId: UserId) => string;
}

export interface ExportOptions extends PageWords {
  readonly records: HistoryRecords;
  /** The content of a message's file; undefined where it is not here, or not wanted. */
  readonly file: (message: MessageEntry) => Promise<AsyncIterable<Uint8Array> | undefined>;
  readonly onMessages: (count: number) => void;
}

/** Part of the archive. */
export interface ExportEntry {
  readonly name: string;
  readonly input: string | AsyncIterable<Uint8Array>;
}

interface Chat {
  readonly title: string;
  readonly inGroup: boolean;
  readonly folder: string;
  pages: number;
  messages: number;
}

/** A history as pages that any browser shows without a network: no scripts, own style, all escaped. */
export async function* htmlEntries(options: ExportOptions): AsyncGenerator<ExportEntry> {
  const { format, records, t } = options;
  const chats: Chat[] = [];
  let page: string[] = [];
  let files = 0;
  let day = "";
  const finish = (isLast: boolean): ExportEntry[] => {
    const chat = chats.at(-1);
    if (chat === undefined || (page.length === 0 && chat.pages > 0)) return [];
    chat.pages += 1;
    const made = chatPage(options, chat, page, isLast);
    page = [];
    return [made];
  };
  for await (const entry of records.entries) {
    if (entry.type === "conversation") {
      yield* finish(true);
      const folder = `chats/${chats.length + 1}`;
      const inGroup = entry.peer === undefined;
      chats.push({ title: entry.title, inGroup, folder, pages: 0, messages: 0 });
      day = "";
    } else if (entry.type === "message") {
      const chat = chats.at(-1);
      if (chat === undefined) continue;
      if (page.length >= PAGE) yield* finish(false);
      const itsDay = format.day(entry.sentAt, FAR);
      if (itsDay !== day) page.push(`<h2>${escape(itsDay)}</h2>`);
      day = itsDay;
      const body = fileBody(entry.body);
      const content = body === undefined ? undefined : await options.file(entry);
      let path: string | undefined;
      if (body !== undefined && content !== undefined) {
        files += 1;
        path = `files/${files}-${archiveName(body)}`;
        yield { name: `${chat.folder}/${path}`, input: content };
      }
      page.push(messageHtml(options, entry, chat, path));
      chat.messages += 1;
      options.onMessages(1);
    }
  }
  yield* finish(true);
  yield { name: "style.css", input: STYLE };
  const list = chats.map(
    ({ folder, messages, title }) =>
      `<li><a href="${folder}/1.html"><bdi>${escape(title)}</bdi></a> <small>${escape(format.number(messages))}</small></li>`,
  );
  const heading = `${t.appName} · ${t.history.heading}`;
  yield {
    name: "index.html",
    input: document(
      options,
      heading,
      "",
      `<h1>${escape(heading)}</h1><ul class="chats">${list.join("")}</ul>`,
    ),
  };
}

function chatPage(
  words: PageWords,
  chat: Chat,
  lines: readonly string[],
  isLast: boolean,
): ExportEntry {
  const { pages, title } = chat;
  const before = pages > 1 ? `<a href="${pages - 1}.html">←</a>` : "";
  const after = isLast ? "" : `<a href="${pages + 1}.html">→</a>`;
  const nav = `<nav><a href="../../index.html">☰</a> ${before} <span>${pages}</span> ${after}</nav>`;
  const html = `${nav}<h1><bdi>${escape(title)}</bdi></h1>${lines.join("\n")}${nav}`;
  return { name: `${chat.folder}/${pages}.html`, input: document(words, title, "../../", html) };
}

function messageHtml(
  { format, t, records, nameOf }: ExportOptions,
  message: MessageEntry,
  chat: Chat,
  path: string | undefined,
): string {
  const me = records.header.account;
  const note = membershipNote(message.body);
  if (note !== undefined) {
    const told = membershipText(t, format, note, { me, nameOf });
    return `<p class="news" id="${escape(message.id)}" dir="auto">${escape(told)}</p>`;
  }
  const { userId } = message.from;
  const own = userId === me;
  const name = own ? records.header.name : chat.inGroup ? nameOf(userId) : chat.title;
  const body = fileBody(message.body);
  const parts: string[] = [];
  if (body === undefined) {
    const text = textOf(message.body);
    const shown =
      message.body.type === "text" ? linked(text) : `<em>${escape(t.chat.recalled)}</em>`;
    parts.push(`<p dir="auto">${shown}</p>`);
  } else {
    parts.push(fileHtml(safeName(body.name), path, fileKind(body)));
    if (body.caption !== undefined) parts.push(`<p dir="auto">${linked(body.caption)}</p>`);
  }
  const reactions = (message.reactions ?? []).flatMap(({ emoji }) => emoji ?? []);
  if (reactions.length > 0) parts.push(`<p class="reactions">${escape(reactions.join(" "))}</p>`);
  const edited = message.edited === undefined ? "" : ` · ${escape(t.chat.edited)}`;
  const time = new Date(message.sentAt).toISOString();
  return (
    `<article class="${own ? "own" : "theirs"}" id="${escape(message.id)}"><header><bdi>${escape(name)}</bdi> ` +
    `<time datetime="${time}" title="${escape(format.full(message.sentAt))}">${escape(format.time(message.sentAt))}</time>${edited}</header>` +
    `${parts.join("")}</article>`
  );
}

function fileHtml(name: string, path: string | undefined, kind: string): string {
  if (path === undefined) return `<p class="file">${escape(name)}</p>`;
  const address = escape(path.split("/").map(encodeURIComponent).join("/"));
  if (kind === "image") {
    return `<a href="${address}"><img src="${address}" alt="${escape(name)}" loading="lazy"></a>`;
  }
  if (kind === "video") return `<video src="${address}" controls preload="metadata"></video>`;
  if (kind === "audio" || kind === "voice") return `<audio src="${address}" controls></audio>`;
  return `<p class="file"><a href="${address}" download>${escape(name)}</a></p>`;
}

function linked(text: string): string {
  return linkParts(text)
    .map((part) =>
      part.kind === "text"
        ? escape(part.text)
        : `<a href="${escape(part.href)}" rel="noreferrer noopener">${escape(part.text)}</a>`,
    )
    .join("");
}

function document(
  { language, direction }: PageWords,
  title: string,
  root: string,
  body: string,
): string {
  // Nothing is fetched, and nothing runs, whatever somebody wrote.
  const policy =
    "default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src 'self' file:";
  return (
    `<!doctype html><html lang="${escape(language)}" dir="${direction}"><head><meta charset="utf-8">` +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">` +
    `<title>${escape(title)}</title><link rel="stylesheet" href="${root}style.css"></head>` +
    `<body><main>${body}</main></body></html>`
  );
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands in an element or a quoted attribute. */
export function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}

const STYLE = `:root{color-scheme:light dark;--line:light-dark(#e8e3d9,#322e28);--own:light-dark(#ffeabf,#4b3a14);--theirs:light-dark(#fff,#2a2722)}
body{margin:0;background:light-dark(#f7f5f0,#171613);color:light-dark(#242019,#f2eee5);font:16px/1.45 system-ui,sans-serif}
main{display:flex;max-width:760px;flex-direction:column;gap:6px;padding:24px 16px;margin:auto}
h1{font-size:1.4rem}h2{align-self:center;font-size:.85rem;font-weight:600;opacity:.75}
.news{align-self:center;margin:0;font-size:.85rem;text-align:center}
nav{display:flex;gap:16px}a{color:light-dark(#7a4b00,#f8cf7c)}
article{max-width:80%;padding:8px 12px;border:1px solid var(--line);border-radius:14px;overflow-wrap:anywhere}
.own{align-self:end;background:var(--own)}.theirs{align-self:start;background:var(--theirs)}
header{font-size:.8rem;opacity:.8}p{margin:2px 0;white-space:pre-wrap}
img,video{max-width:100%;max-height:480px;border-radius:8px}
.chats{padding:0;list-style:none}.chats li{padding:10px 0;border-bottom:1px solid var(--line)}
@media print{nav{display:none}article{break-inside:avoid}}
`;
