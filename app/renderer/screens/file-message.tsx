import type { JSX } from "preact";
import { useAccount, useText } from "../components/context.tsx";
import { RichText } from "../components/rich-text.tsx";
import { entryName } from "../model/buddies.ts";
import { fileKind } from "../model/file-kind.ts";
import { FileCard, type FileMessageProps } from "./file-card.tsx";
import { MediaAudio, MediaVideo } from "./media-player.tsx";
import { MediaPicture } from "./media-picture.tsx";
import { VoiceMessage } from "./voice-message.tsx";

/** A file in its bubble, with what was written to it. */
export function FileMessage(props: Pick<FileMessageProps, "message" | "body">): JSX.Element | null {
  const { body } = props;
  const { message } = props;
  const account = useAccount();
  const { open, roster } = account;
  const { t } = useText();
  if (open.value === undefined) return null;
  const { model, peer } = open.value;
  const entry = peer === undefined ? undefined : roster.value.get(peer);
  const peerName =
    entry !== undefined
      ? entryName(entry)
      : model.inGroup && !message.own
        ? account.nameOf(message.from)
        : t.files.otherSide;
  return (
    <div class="file-message" data-testid="file-message" data-kind={fileKind(body)}>
      <Content {...props} model={model} peerName={peerName} />
      {body.caption !== undefined && (
        <div class="bubble-text file-caption" dir="auto" data-testid="message-text">
          <RichText text={body.caption} />
        </div>
      )}
    </div>
  );
}

function Content(props: FileMessageProps): JSX.Element {
  switch (fileKind(props.body)) {
    case "image":
      return <MediaPicture {...props} />;
    case "video":
      return <MediaVideo {...props} />;
    case "audio":
      return <MediaAudio {...props} />;
    case "voice":
      return <VoiceMessage {...props} />;
    case "file":
      return <FileCard {...props} />;
  }
}
