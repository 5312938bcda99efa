import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { clockText } from "../model/clock-text.ts";
import type { ConversationModel } from "../model/conversation-model.ts";
import {
  canRecord,
  MAX_VOICE_MS,
  MicrophoneError,
  MIN_VOICE_MS,
  VoiceRecorder,
  type Recording,
} from "../model/voice-recorder.ts";
import { waveformOf } from "../model/voice-waveform.ts";
import { BlobSource } from "../ports/blob-source.ts";

/** Held for longer is held to talk: letting go sends. A shorter press starts, and a button sends. */
const HOLD_MS = 400;
/** A pointer that moves so far while it is held locks (up) or throws away (to the side), px. */
const SLIDE_PX = 70;
const LEVEL_BARS = 48;

/** Records a voice message; while it does, it takes the composer's place. */
export function VoiceButton({ model }: { model: ConversationModel }): JSX.Element | null {
  const app = useApp();
  const { files, kit } = useAccount();
  const { t } = useText();
  const [recorder, setRecorder] = useState<VoiceRecorder>();
  const [asking, setAsking] = useState(false);
  const [isHeld, setHeld] = useState(false);
  const recording = useRef<VoiceRecorder | undefined>(undefined);
  const held = useRef<{ at: number; x: number; y: number } | undefined>(undefined);
  /** Nobody wants the microphone any more that is being asked for. */
  const unwanted = useRef(false);

  useEffect(
    () => () => {
      unwanted.current = true;
      recording.current?.cancel();
      recording.current = undefined;
    },
    [],
  );

  const start = (): void => {
    if (asking || recording.current !== undefined) return;
    files.voice.pause();
    unwanted.current = false;
    setAsking(true);
    VoiceRecorder.start().then(
      (started) => {
        setAsking(false);
        if (unwanted.current) {
          started.cancel();
          return;
        }
        recording.current = started;
        setRecorder(started);
      },
      (error: unknown) => {
        setAsking(false);
        letGo();
        if (error instanceof MicrophoneError) {
          app.toasts.show("error", t.files.microphone[error.problem]);
        } else {
          app.fail(error);
        }
      },
    );
  };
  const letGo = (): void => {
    held.current = undefined;
    setHeld(false);
  };
  const take = (): VoiceRecorder | undefined => {
    const taken = recording.current;
    recording.current = undefined;
    letGo();
    setRecorder(undefined);
    return taken;
  };
  const cancel = (): void => {
    unwanted.current = true;
    take()?.cancel();
  };
  const send = (): void => {
    const taken = take();
    if (taken === undefined) return;
    if (taken.elapsedMs < MIN_VOICE_MS) {
      taken.cancel();
      return;
    }
    const composing = model.composing.peek();
    const replyTo = composing?.kind === "reply" ? composing.to.id : undefined;
    if (replyTo !== undefined) model.compose(undefined);
    app.attempt(async () => {
      const { blob, durationMs, levels }: Recording = await taken.finish();
      const type = blob.type.split(";")[0] ?? "";
      const source = new BlobSource(blob, `voice.${type.split("/")[1] ?? "webm"}`, type);
      await kit.files.send(model.conversationId, source, {
        durationMs,
        waveform: waveformOf(levels),
        ...(replyTo === undefined ? {} : { replyTo }),
      });
    });
  };
  if (!canRecord()) return null;
  return (
    <>
      <span
        class="voice-button"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          held.current = { at: performance.now(), x: event.clientX, y: event.clientY };
          setHeld(true);
          start();
        }}
        onPointerMove={(event) => {
          const from = held.current;
          if (from === undefined) return;
          if (from.y - event.clientY > SLIDE_PX) letGo();
          else if (Math.abs(from.x - event.clientX) > SLIDE_PX) cancel();
        }}
        onPointerUp={() => {
          const from = held.current;
          letGo();
          if (from !== undefined && performance.now() - from.at > HOLD_MS) send();
        }}
        onPointerCancel={letGo}
      >
        <IconButton
          icon="mic"
          label={t.files.record}
          data-testid="record"
          aria-busy={asking}
          onClick={start}
        />
      </span>
      {recorder !== undefined && (
        <Recorder recorder={recorder} isHeld={isHeld} onCancel={cancel} onSend={send} />
      )}
    </>
  );
}

/** What one sees while one speaks. */
function Recorder(props: {
  readonly recorder: VoiceRecorder;
  readonly isHeld: boolean;
  readonly onCancel: () => void;
  readonly onSend: () => void;
}): JSX.Element {
  const { recorder, isHeld, onCancel, onSend } = props;
  const { t } = useText();
  const bar = useRef<HTMLDivElement>(null);
  const levels = recorder.levels.value;
  const elapsed = recorder.elapsedMs;
  const full = elapsed >= MAX_VOICE_MS;
  useEffect(() => {
    bar.current?.querySelector<HTMLElement>("[data-send]")?.focus();
  }, []);
  useEffect(() => {
    // As long as one may be: what was said is not lost.
    if (full) onSend();
  }, [full]);
  const recent = levels.slice(-LEVEL_BARS);
  return (
    <div
      ref={bar}
      class="recorder"
      role="group"
      aria-label={t.files.recording}
      data-testid="recorder"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onCancel();
      }}
    >
      <IconButton
        icon="trash"
        label={t.files.discardRecording}
        data-testid="record-cancel"
        onClick={onCancel}
      />
      <span class="recorder-dot" aria-hidden="true" />
      <span class="recorder-time" role="timer" data-testid="record-time">
        {clockText(elapsed)}
      </span>
      <span class="recorder-levels" aria-hidden="true">
        {recent.map((level, index) => (
          <span
            key={levels.length - recent.length + index}
            class="voice-bar"
            style={{ height: `${Math.round(10 + level * 90)}%` }}
          />
        ))}
      </span>
      {isHeld && (
        <span class="recorder-hint" aria-hidden="true">
          {t.files.heldRecording}
        </span>
      )}
      <IconButton
        kind="primary"
        icon="send"
        label={t.files.sendRecording}
        data-send
        data-testid="record-send"
        onClick={onSend}
      />
    </div>
  );
}
