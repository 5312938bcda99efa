import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useAccount, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { clockText } from "../model/clock-text.ts";
import { FileCard, type FileMessageProps } from "./file-card.tsx";
import { isHere, transferText, useFileUrl, useTransfer } from "./file-parts.tsx";
import { MediaState, shownSize, thumbnailUrl } from "./media-picture.tsx";

/** A film: its preview with a sign to play; then the browser's own player. */
export function MediaVideo(props: FileMessageProps): JSX.Element {
  const { message, body, peerName } = props;
  const { files } = useAccount();
  const { t, format } = useText();
  const transfer = useTransfer(message);
  const here = isHere(transfer);
  const [playing, setPlaying] = useState(false);
  const [broken, setBroken] = useState(false);
  const url = useFileUrl(message.id, here && playing);
  const thumbnail = thumbnailUrl(body.image);
  const { width, height } = shownSize(body.image);
  if (broken) return <FileCard {...props} />;
  return (
    <div
      class="media-picture"
      style={{ width: `${width}px`, aspectRatio: `${width} / ${height}` }}
      data-testid="media-video"
      data-transfer={transfer?.state}
    >
      {url === undefined ? (
        <>
          {thumbnail !== undefined && <img class="media-blur is-poster" src={thumbnail} alt="" />}
          {here && (
            <button
              type="button"
              class="media-open"
              aria-label={t.files.play(body.caption ?? body.name)}
              onClick={() => setPlaying(true)}
            >
              <span class="media-play">
                <Icon name="play" size={26} />
              </span>
            </button>
          )}
          {body.durationMs !== undefined && (
            <span class="media-duration">{clockText(body.durationMs)}</span>
          )}
        </>
      ) : (
        // Nobody has written captions for what people film.
        <video
          src={url}
          controls
          autoplay
          playsInline
          controlsList="noremoteplayback"
          aria-label={body.name}
          onPlay={() => files.voice.pause()}
          onError={() => setBroken(true)}
        />
      )}
      <MediaState
        {...props}
        transfer={transfer}
        text={transferText(t, format, body, transfer, peerName)}
      />
    </div>
  );
}

/** A sound: its card, and the browser's own player below it once it is here. */
export function MediaAudio(props: FileMessageProps): JSX.Element {
  const { message, body } = props;
  const { files } = useAccount();
  const transfer = useTransfer(message);
  const here = isHere(transfer);
  const url = useFileUrl(message.id, here);
  const [broken, setBroken] = useState(false);
  return (
    <div class="media-audio" data-testid="media-audio">
      <FileCard {...props} />
      {url !== undefined && !broken && (
        <audio
          src={url}
          controls
          preload="metadata"
          controlsList="noremoteplayback nodownload"
          aria-label={body.name}
          onPlay={() => files.voice.pause()}
          onError={() => setBroken(true)}
        />
      )}
    </div>
  );
}
