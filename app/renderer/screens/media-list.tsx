import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Message } from "../../../shared/chatkit/api.ts";
import { textOf } from "../../../shared/chatkit/history/message-text.ts";
import type { FileBody } from "../../../shared/protocol/index.ts";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { fileIcon, fileKind } from "../model/file-kind.ts";
import { fileBody } from "../model/files.ts";
import { linkParts } from "../model/linkify.ts";
import { Empty } from "./empty.tsx";
import { FileName, isHere, usePictureUrl, useTransfer } from "./file-parts.tsx";
import { thumbnailUrl } from "./media-picture.tsx";

const tabs = ["images", "files", "links"] as const;
type Tab = (typeof tabs)[number];

const FILES = 60;
/** Messages looked through for links at once. */
const LINK_PAGE = 500;

/** What was read so far, newest first; older ones when they are asked for. */
interface Found {
  readonly messages: readonly Message[];
  /** Where the next page begins; undefined at the end. */
  readonly before: string | undefined;
}

/** Everything of a conversation that is more than words. */
export function MediaList(props: {
  readonly model: ConversationModel;
  readonly onClose: () => void;
}): JSX.Element {
  const { model, onClose } = props;
  const { t } = useText();
  const [tab, setTab] = useState<Tab>("images");
  return (
    <Dialog title={t.history.media} size="large" onClose={onClose}>
      <div
        class="tabs"
        role="tablist"
        aria-label={t.history.media}
        onKeyDown={(event) => {
          const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          const next = tabs[tabs.indexOf(tab) + (document.dir === "rtl" ? -step : step)];
          if (step === 0 || next === undefined) return;
          setTab(next);
          document.querySelector<HTMLElement>(`#media-tab-${next}`)?.focus();
        }}
      >
        {tabs.map((name) => (
          <button
            key={name}
            id={`media-tab-${name}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={tab === name}
            aria-controls="media-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {t.history[name]}
          </button>
        ))}
      </div>
      <div
        id="media-panel"
        class="media-panel"
        role="tabpanel"
        aria-labelledby={`media-tab-${tab}`}
        tabIndex={0}
      >
        <Panel key={tab} tab={tab} model={model} onClose={onClose} />
      </div>
    </Dialog>
  );
}

interface PanelProps {
  readonly tab: Tab;
  readonly model: ConversationModel;
  readonly onClose: () => void;
}

function Panel({ tab, model, onClose }: PanelProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t, format } = useText();
  const [found, setFound] = useState<Found>();
  const [busy, setBusy] = useState(false);
  const more = (): void =>
    app.attempt(async () => {
      setBusy(true);
      try {
        setFound(await nextPage(kit, model, tab, found));
      } finally {
        setBusy(false);
      }
    });
  useEffect(more, []);
  if (found === undefined)
    return <span class="spinner" role="status" aria-label={t.common.loading} />;
  const empty = {
    images: t.history.imagesEmpty,
    files: t.history.filesEmpty,
    links: t.history.linksEmpty,
  };
  const months = Map.groupBy(found.messages, ({ sentAt }) => format.month(sentAt));
  const show = (message: Message): void => {
    onClose();
    app.attempt(() => model.showAround(message));
  };
  return (
    <>
      {found.messages.length === 0 && found.before === undefined && (
        <Empty picture="search" title={empty[tab]} />
      )}
      {[...months].map(([month, messages]) => (
        <section key={month} aria-label={month}>
          <h3 class="group-head">{month}</h3>
          <ul class={tab === "images" ? "media-grid" : "media-rows"}>
            {messages.map((message) => (
              <Item key={message.id} tab={tab} message={message} onShow={() => show(message)} />
            ))}
          </ul>
        </section>
      ))}
      {found.before !== undefined && (
        <button type="button" class="link-button" aria-busy={busy} disabled={busy} onClick={more}>
          {t.common.more}
        </button>
      )}
    </>
  );
}

async function nextPage(
  kit: ReturnType<typeof useAccount>["kit"],
  { conversationId }: ConversationModel,
  tab: Tab,
  known: Found | undefined,
): Promise<Found> {
  const at = known?.before === undefined ? {} : { before: known.before };
  const limit = tab === "links" ? LINK_PAGE : FILES;
  const page =
    tab === "links"
      ? await kit.history(conversationId, { ...at, limit })
      : await kit.archive.files(conversationId, { ...at, limit });
  const wanted = page.filter((message) => isWanted(message, tab)).toReversed();
  return {
    messages: [...(known?.messages ?? []), ...wanted],
    before: page.length < limit ? undefined : page[0]?.order,
  };
}

function isWanted({ body }: Message, tab: Tab): boolean {
  const file = fileBody(body);
  if (tab === "links") return linksOf(body).length > 0;
  if (file === undefined) return false;
  const isPicture = ["image", "video"].includes(fileKind(file));
  return (tab === "images") === isPicture;
}

function linksOf(body: Message["body"]) {
  return linkParts(textOf(body)).filter((part) => part.kind === "link");
}

interface ItemProps {
  readonly tab: Tab;
  readonly message: Message;
  readonly onShow: () => void;
}

function Item({ tab, message, onShow }: ItemProps): JSX.Element | null {
  const { t, format } = useText();
  const body = fileBody(message.body);
  const toChat = <IconButton icon="chats" label={t.history.showInChat} onClick={onShow} />;
  if (tab === "links") {
    return (
      <li class="media-row" data-testid="media-link">
        <Icon name="globe" />
        <div class="media-words">
          {linksOf(message.body).map((part) => (
            <a
              key={part.href}
              href={part.href}
              target="_blank"
              rel="noreferrer noopener"
              dir="auto"
            >
              {part.text}
            </a>
          ))}
          <time class="row-text">{format.full(message.sentAt)}</time>
        </div>
        {toChat}
      </li>
    );
  }
  if (body === undefined) return null;
  if (tab === "images") return <Picture message={message} body={body} onShow={onShow} />;
  return (
    <li class="media-row" data-testid="media-file">
      <Icon name={fileIcon(body)} />
      <div class="media-words">
        <FileName name={body.name} />
        <span class="row-text">
          {format.bytes(body.size)} · {format.full(message.sentAt)}
        </span>
      </div>
      {toChat}
    </li>
  );
}

function Picture(props: {
  readonly message: Message;
  readonly body: FileBody;
  readonly onShow: () => void;
}): JSX.Element {
  const { message, body, onShow } = props;
  const { t } = useText();
  const here = isHere(useTransfer(message));
  const url = usePictureUrl(message.id, here && fileKind(body) === "image");
  const shown = url === undefined || url === "too-large" ? thumbnailUrl(body.image) : url;
  return (
    <li data-testid="media-image">
      <button
        type="button"
        class="media-cell"
        aria-label={`${body.name}: ${t.history.showInChat}`}
        onClick={onShow}
      >
        {shown === undefined ? (
          <Icon name={fileIcon(body)} />
        ) : (
          <img src={shown} alt="" loading="lazy" />
        )}
      </button>
    </li>
  );
}
