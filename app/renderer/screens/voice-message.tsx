import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { MessageId } from "../../../shared/protocol/index.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { clockText } from "../model/clock-text.ts";
import { fileKind } from "../model/file-kind.ts";
import { filesOf } from "../model/files.ts";
import { isPlayed, markPlayed, playedVoices } from "../model/voice-played.ts";
import { barsOf } from "../model/voice-waveform.ts";
import type { FileMessageProps } from "./file-card.tsx";
import { isHere, TransferBar, TransferButtons, transferText, useTransfer } from "./file-parts.tsx";

const BARS = 40;
const STEP_S = 5;

/** A voice message: play, its shape to move in, its time, its speed. */
export function VoiceMessage({ message, body, model, peerName }: FileMessageProps): JSX.Element {
  const app = useApp();
  const { files } = useAccount();
  const { t, format } = useText();
  const transfer = useTransfer(message);
  const here = isHere(transfer);
  const { voice } = files;
  const playing = voice.playing.value?.id === message.id ? voice.playing.value : undefined;
  /** Where it begins once it is played, s. */
  const [start, setStart] = useState(0);
  const position = playing === undefined ? start : voice.position.value;
  const duration = (body.durationMs ?? 0) / 1000;
  const played = playedVoices().value;
  const heard = message.own || (played !== undefined && isPlayed(played, message));

  const next = (after: MessageId): MessageId | undefined => {
    const all = filesOf(model.messages.peek()).filter(({ body: of }) => fileKind(of) === "voice");
    const following = all[all.findIndex((one) => one.message.id === after) + 1]?.message;
    if (following !== undefined && !following.own) markPlayed(following);
    return following?.id;
  };
  const toggle = (): void => {
    if (!message.own) markPlayed(message);
    app.attempt(() => voice.toggle(message.id, next, start < duration ? start : 0));
    setStart(0);
  };
  const seek = (to: number): void => {
    const bounded = Math.min(duration, Math.max(0, to));
    if (playing === undefined) setStart(bounded);
    else voice.seek(bounded);
  };
  const sounds = playing?.state === "playing" || playing?.state === "loading";
  return (
    <div
      class="voice"
      data-testid="voice"
      data-playing={playing?.state}
      data-transfer={transfer?.state}
    >
      {here ? (
        <button
          type="button"
          class="voice-play"
          aria-label={sounds ? t.files.voicePause : t.files.voicePlay}
          data-testid="voice-play"
          onClick={toggle}
        >
          <Icon name={sounds ? "pause" : "play"} size={20} />
        </button>
      ) : (
        <TransferButtons message={message} body={body} transfer={transfer} />
      )}
      <div class="voice-words">
        <Scrubber
          bars={barsOf(body.waveform ?? "", BARS)}
          position={position}
          duration={duration}
          disabled={!here}
          onSeek={seek}
        />
        <div class="voice-line">
          <span class="voice-time" data-testid="voice-time">
            {clockText(1000 * (position > 0 ? position : duration))}
          </span>
          {!heard && (
            <span class="voice-new" title={t.files.voiceNew}>
              <span class="visually-hidden">{t.files.voiceNew}</span>
            </span>
          )}
          {playing !== undefined && (
            <button
              type="button"
              class="voice-rate"
              aria-label={t.files.voiceRate(format.number(voice.rate.value))}
              data-testid="voice-rate"
              onClick={() => voice.nextRate()}
            >
              {format.number(voice.rate.value)}×
            </button>
          )}
          {!here && transfer !== undefined && (
            <span class="file-state" data-testid="file-state">
              {transferText(t, format, body, transfer, peerName)}
            </span>
          )}
        </div>
        {!here && <TransferBar transfer={transfer} label={t.files.progressOf(body.name)} />}
      </div>
    </div>
  );
}

/** The shape of the sound as a slider. */
function Scrubber(props: {
  readonly bars: readonly number[];
  readonly position: number;
  readonly duration: number;
  readonly disabled: boolean;
  readonly onSeek: (position: number) => void;
}): JSX.Element {
  const { bars, position, duration, disabled, onSeek } = props;
  const { t } = useText();
  const seekTo = (event: PointerEvent & { readonly currentTarget: HTMLElement }): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    onSeek((duration * (event.clientX - left)) / Math.max(1, width));
  };
  const keys: Readonly<Record<string, number>> = {
    ArrowLeft: position - STEP_S,
    ArrowDown: position - STEP_S,
    ArrowRight: position + STEP_S,
    ArrowUp: position + STEP_S,
    Home: 0,
    End: duration,
  };
  const played = duration === 0 ? 0 : position / duration;
  return (
    <div
      class="voice-shape"
      role="slider"
      tabIndex={disabled ? -1 : 0}
      aria-label={t.files.voicePosition}
      aria-valuemin={0}
      aria-valuemax={Math.round(duration)}
      aria-valuenow={Math.round(position)}
      aria-valuetext={t.files.positionOf(clockText(position * 1000), clockText(duration * 1000))}
      aria-disabled={disabled}
      data-testid="voice-shape"
      onPointerDown={(event) => {
        if (disabled) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
      }}
      onKeyDown={(event) => {
        const to = keys[event.key];
        if (to === undefined || disabled) return;
        event.preventDefault();
        // The list moves from message to message with the same keys.
        event.stopPropagation();
        onSeek(to);
      }}
    >
      {bars.map((height, index) => (
        <span
          key={index}
          class={`voice-bar ${index / bars.length < played ? "is-played" : ""}`}
          style={{ height: `${Math.round(12 + height * 88)}%` }}
        />
      ))}
    </div>
  );
}
