import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { limits } from "../../../shared/protocol/index.ts";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Field, Switch } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { fileIcon, fileKind, isUnseenPicture } from "../model/file-kind.ts";
import { outgoing, tellsPlace, typeOf, UncleanedError } from "../model/file-outgoing.ts";
import { MAX_PICKED, type Picked, type PickedFile } from "../model/files.ts";
import { FileName } from "./file-parts.tsx";

/** What was chosen, before it goes: what it is, what is written to it, and what it tells. */
export function FileSheet(props: {
  readonly model: ConversationModel;
  readonly picked: Picked;
  readonly peerName: string;
}): JSX.Element {
  const { model, picked, peerName } = props;
  const app = useApp();
  const { files, kit } = useAccount();
  const { t } = useText();
  const [caption, setCaption] = useState("");
  const [asFile, setAsFile] = useState(false);
  const [keepMetadata, setKeepMetadata] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const shows = picked.files.some(
    ({ content }) => content instanceof File && kindOf(content) !== "file",
  );
  const places = useMemo(() => picked.files.some(mayTellPlace), [picked.files]);
  const unseen = picked.files.some(({ content }) => content instanceof File && isUnseen(content));
  const close = (): void => {
    files.picked.value = undefined;
  };
  const remove = (file: PickedFile): void => {
    // As it is now: while they go one after the other, this is called from an older rendering.
    const left = files.picked.peek()?.files.filter((known) => known !== file) ?? [];
    files.picked.value = left.length === 0 ? undefined : { ...picked, files: left, leftOut: 0 };
  };
  const send = async (): Promise<void> => {
    const composing = model.composing.peek();
    const replyTo = composing?.kind === "reply" ? composing.to.id : undefined;
    for (const [index, file] of picked.files.entries()) {
      // Cancelled meanwhile.
      if (files.picked.peek()?.files.includes(file) !== true) return;
      const { source, options } = await outgoing(file, { keepMetadata, asFile });
      const words = caption.trim();
      await kit.files.send(model.conversationId, source, {
        ...options,
        ...(index === 0 && words !== "" ? { caption: words } : {}),
        ...(index === 0 && replyTo !== undefined ? { replyTo } : {}),
      });
      // What has gone does not go again if a later one fails.
      remove(file);
      setCaption("");
      if (replyTo !== undefined) model.compose(undefined);
    }
  };
  const submit = (): void => {
    setBusy(true);
    setProblem(undefined);
    send()
      .catch((error: unknown) => {
        if (error instanceof UncleanedError) setProblem(t.files.uncleaned(error.fileName));
        else app.fail(error);
      })
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={t.files.sheetTitle(picked.files.length, peerName)} onClose={close}>
      <form
        data-testid="file-sheet"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) submit();
        }}
      >
        <div class="dialog-body">
          <ul class={`sheet-files ${picked.files.length === 1 ? "is-single" : ""}`}>
            {picked.files.map((file) => (
              <SheetFile key={file} file={file} busy={busy} onRemove={() => remove(file)} />
            ))}
          </ul>
          <Field
            label={t.files.caption}
            value={caption}
            onText={setCaption}
            maxLength={limits.MAX_TEXT_LENGTH}
            placeholder={t.files.captionPlaceholder}
            autofocus
          />
          {shows && (
            <Switch
              label={t.files.asFile}
              hint={t.files.asFileHint}
              checked={asFile}
              onChange={setAsFile}
            />
          )}
          {places && (
            <Switch
              label={t.files.keepMetadata}
              hint={t.files.keepMetadataHint}
              checked={keepMetadata}
              onChange={(keep) => {
                setKeepMetadata(keep);
                setProblem(undefined);
              }}
            />
          )}
          {unseen && <p class="field-note">{t.files.unseenKind}</p>}
          {picked.leftOut > 0 && (
            <p class="sheet-problem" role="alert">
              <Icon name="alert" size={16} />
              <span>{t.files.leftOut(picked.leftOut, MAX_PICKED)}</span>
            </p>
          )}
          {problem !== undefined && (
            <p class="sheet-problem" role="alert">
              <Icon name="alert" size={16} />
              <span>{problem}</span>
            </p>
          )}
        </div>
        <footer class="dialog-foot">
          <Button onClick={close}>{t.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy} data-testid="send-files">
            {t.files.send}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function kindOf(file: File): ReturnType<typeof fileKind> {
  return fileKind({ mediaType: typeOf(file), size: file.size });
}

function mayTellPlace({ content }: PickedFile): boolean {
  return content instanceof File
    ? tellsPlace(content)
    : content.some(({ file }) => tellsPlace(file));
}

function isUnseen(file: File): boolean {
  return isUnseenPicture({ mediaType: typeOf(file), size: file.size });
}

function SheetFile(props: {
  readonly file: PickedFile;
  readonly busy: boolean;
  readonly onRemove: () => void;
}): JSX.Element {
  const { file, busy, onRemove } = props;
  const { t, format } = useText();
  const { name, content } = file;
  const folder = !(content instanceof File);
  const size = folder ? content.reduce((sum, entry) => sum + entry.file.size, 0) : content.size;
  const picture = usePicture(file);
  const mediaType = folder ? "application/zip" : typeOf(content);
  return (
    <li class="sheet-file">
      {picture === undefined ? (
        <span class="sheet-sign">
          <Icon name={folder ? "folder" : fileIcon({ name, mediaType })} size={24} />
        </span>
      ) : (
        <img class="sheet-picture" src={picture} alt="" />
      )}
      <span class="file-words">
        <FileName name={name} />
        <span class="file-state">
          {folder ? `${t.files.folder(content.length)} · ` : ""}
          {format.bytes(size)}
        </span>
      </span>
      <IconButton icon="close" label={t.files.removeOne(name)} disabled={busy} onClick={onRemove} />
    </li>
  );
}

/** A picture's own address while it is in the sheet. */
function usePicture({ content }: PickedFile): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!(content instanceof File) || kindOf(content) !== "image") return undefined;
    const made = URL.createObjectURL(content);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [content]);
  return url;
}
