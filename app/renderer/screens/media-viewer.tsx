import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { MessageId } from "../../../shared/protocol/index.ts";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { fileKind } from "../model/file-kind.ts";
import { filesOf } from "../model/files.ts";
import { saveFile, usePictureUrl } from "./file-parts.tsx";
import { thumbnailUrl } from "./media-picture.tsx";

const MAX_ZOOM = 8;
const ZOOM_STEP = 1.4;

/** The pictures of the conversation, one at a time over the whole window. */
export function MediaViewer({ model }: { model: ConversationModel }): JSX.Element | null {
  const { files } = useAccount();
  const shown = files.shown.value;
  return shown === undefined ? null : <Viewer key="viewer" id={shown} model={model} />;
}

function Viewer({ id, model }: { id: MessageId; model: ConversationModel }): JSX.Element | null {
  const app = useApp();
  const { files } = useAccount();
  const { t, format } = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const pictures = filesOf(model.messages.value).filter(({ body }) => fileKind(body) === "image");
  const index = pictures.findIndex(({ message }) => message.id === id);
  const current = pictures[index];
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const close = (): void => {
    files.shown.value = undefined;
  };
  const go = (step: number): void => {
    const next = pictures[index + step];
    if (next !== undefined) files.shown.value = next.message.id;
  };
  useEffect(() => {
    // It was taken back meanwhile.
    if (current === undefined) close();
  }, [current]);
  if (current === undefined) return null;
  const { message, body } = current;
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={t.files.viewer(index + 1, pictures.length)}
      data-testid="viewer"
      onClose={close}
      onKeyDown={(event) => {
        const forward = document.dir === "rtl" ? -1 : 1;
        if (event.key === "ArrowLeft") go(-forward);
        else if (event.key === "ArrowRight") go(forward);
        else return;
        event.preventDefault();
      }}
    >
      <header class="viewer-head">
        <div class="viewer-words">
          <p class="viewer-name" dir="auto">
            {body.caption ?? body.name}
          </p>
          <p class="viewer-time">{format.full(message.sentAt)}</p>
        </div>
        <IconButton
          icon="download"
          label={t.files.save(body.name)}
          data-testid="viewer-save"
          onClick={() => app.attempt(() => saveFile(files, message.id, body.name))}
        />
        <IconButton icon="close" label={t.common.close} onClick={() => dialog.current?.close()} />
      </header>
      <Zoomed
        key={message.id}
        id={message.id}
        alt={body.caption ?? body.name}
        thumbnail={thumbnailUrl(body.image)}
      />
      {index > 0 && (
        <span class="viewer-go is-back">
          <IconButton icon="back" label={t.files.previous} onClick={() => go(-1)} />
        </span>
      )}
      {index < pictures.length - 1 && (
        <span class="viewer-go is-on">
          <IconButton icon="back" label={t.files.next} onClick={() => go(1)} />
        </span>
      )}
    </dialog>
  );
}

/** A picture that can be looked at closely: wheel, double press, keys, buttons; moved by dragging. */
function Zoomed(props: { id: MessageId; alt: string; thumbnail: string | undefined }): JSX.Element {
  const { t } = useText();
  const url = usePictureUrl(props.id, true);
  const [view, setView] = useState({ zoom: 1, x: 0, y: 0 });
  const dragged = useRef<{ x: number; y: number } | undefined>(undefined);
  const zoomTo = (zoom: number): void => {
    const next = Math.min(MAX_ZOOM, Math.max(1, zoom));
    const scale = next / view.zoom;
    setView(
      next === 1 ? { zoom: 1, x: 0, y: 0 } : { zoom: next, x: view.x * scale, y: view.y * scale },
    );
  };
  return (
    <>
      <div
        class={`viewer-stage ${view.zoom > 1 ? "is-zoomed" : ""}`}
        role="group"
        aria-label={t.files.zoomHint}
        tabIndex={0}
        onWheel={(event) => {
          event.preventDefault();
          zoomTo(view.zoom * (event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP));
        }}
        onDblClick={() => zoomTo(view.zoom > 1 ? 1 : 2.5)}
        onKeyDown={(event) => {
          if (event.key === "+" || event.key === "=") zoomTo(view.zoom * ZOOM_STEP);
          else if (event.key === "-") zoomTo(view.zoom / ZOOM_STEP);
          else if (event.key === "0") zoomTo(1);
        }}
        onPointerDown={(event) => {
          if (view.zoom === 1) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          dragged.current = { x: event.clientX - view.x, y: event.clientY - view.y };
        }}
        onPointerMove={(event) => {
          const from = dragged.current;
          if (from === undefined) return;
          setView({ ...view, x: event.clientX - from.x, y: event.clientY - from.y });
        }}
        onPointerUp={() => {
          dragged.current = undefined;
        }}
      >
        <img
          src={url === "too-large" ? props.thumbnail : (url ?? props.thumbnail)}
          alt={props.alt}
          draggable={false}
          style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` }}
        />
      </div>
      <div class="viewer-zoom">
        <IconButton
          icon="zoomOut"
          label={t.files.zoomOut}
          disabled={view.zoom <= 1}
          onClick={() => zoomTo(view.zoom / ZOOM_STEP)}
        />
        <IconButton
          icon="zoomIn"
          label={t.files.zoomIn}
          disabled={view.zoom >= MAX_ZOOM}
          onClick={() => zoomTo(view.zoom * ZOOM_STEP)}
        />
      </div>
    </>
  );
}
