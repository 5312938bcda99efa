import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Transfer } from "../../../shared/chatkit/files/files-api.ts";
import type { FileBody, KeptBody } from "../../../shared/protocol/index.ts";
import { useAccount, useText } from "../components/context.tsx";
import { fileBody } from "../model/files.ts";
import { previewUrl } from "../model/picture-size.ts";
import { FileCard, type FileMessageProps } from "./file-card.tsx";
import {
  isHere,
  TransferBar,
  TransferButtons,
  transferText,
  usePictureUrl,
  useTransfer,
} from "./file-parts.tsx";

/** The most that a picture takes of a conversation, and the least, px. */
const MAX_WIDTH = 380;
const MAX_HEIGHT = 420;
const MIN_SIDE = 96;
const UNKNOWN = { width: 320, height: 220 };

/** How large it is shown: known before it is there, so that nothing jumps when it comes. */
export function shownSize(image: FileBody["image"]): { width: number; height: number } {
  const { width, height } = image ?? UNKNOWN;
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return {
    width: Math.round(Math.max(MIN_SIDE, width * scale)),
    height: Math.round(Math.max(MIN_SIDE, height * scale)),
  };
}

export function thumbnailUrl(image: FileBody["image"]): string | undefined {
  return image?.thumbnail === undefined ? undefined : previewUrl(image.thumbnail);
}

/** What a quoted picture or film looks like. */
export function QuoteThumbnail({ body }: { body: KeptBody }): JSX.Element | null {
  const url = thumbnailUrl(fileBody(body)?.image);
  return url === undefined ? null : <img class="quote-thumbnail" src={url} alt="" />;
}

/** A picture: its blurred preview until it is here. A press shows it in full. */
export function MediaPicture(props: FileMessageProps): JSX.Element {
  const { message, body, peerName } = props;
  const { files } = useAccount();
  const { t, format } = useText();
  const transfer = useTransfer(message);
  const here = isHere(transfer);
  const url = usePictureUrl(message.id, here);
  const [broken, setBroken] = useState(false);
  const [loaded, setLoaded] = useState<string>();
  // Not once it was deleted again.
  const drawn = url !== undefined && loaded === url;
  const thumbnail = thumbnailUrl(body.image);
  const { width, height } = shownSize(body.image);
  if (broken || url === "too-large") return <FileCard {...props} />;
  return (
    <div
      class={`media-picture ${drawn ? "is-drawn" : ""}`}
      style={{ width: `${width}px`, aspectRatio: `${width} / ${height}` }}
      data-testid="media-picture"
      data-transfer={transfer?.state}
    >
      {thumbnail !== undefined && !drawn && <img class="media-blur" src={thumbnail} alt="" />}
      {url !== undefined && (
        <button
          type="button"
          class="media-open"
          aria-label={t.files.view(body.caption ?? body.name)}
          onClick={() => {
            files.shown.value = message.id;
          }}
        >
          <img
            src={url}
            alt={body.caption ?? body.name}
            draggable={false}
            onLoad={() => setLoaded(url)}
            onError={() => setBroken(true)}
          />
        </button>
      )}
      <MediaState
        {...props}
        transfer={transfer}
        text={transferText(t, format, body, transfer, peerName)}
      />
    </div>
  );
}

/** What is still to be done until it can be seen, on the picture's foot. */
export function MediaState(
  props: FileMessageProps & { readonly transfer: Transfer | undefined; readonly text: string },
): JSX.Element | null {
  const { message, body, transfer, text } = props;
  const { t } = useText();
  if (transfer === undefined || transfer.state === "complete") return null;
  if (transfer.direction === "send" && transfer.state === "offered") return null;
  return (
    <div class={`media-state ${transfer.state === "failed" ? "is-failed" : ""}`}>
      <span class="media-state-text" data-testid="file-state">
        {text}
      </span>
      <TransferButtons message={message} body={body} transfer={transfer} />
      <TransferBar transfer={transfer} label={t.files.progressOf(body.name)} />
    </div>
  );
}
