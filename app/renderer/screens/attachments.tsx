import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConversationId } from "../../../shared/protocol/index.ts";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { Menu, MenuItem } from "../components/menu.tsx";
import { Popover } from "../components/popover.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { droppedFiles, pastedFiles, pickedFiles } from "../model/file-picking.ts";
import { isAllowed } from "../platform/policy.ts";
import { FileSheet } from "./file-sheet.tsx";
import { MediaViewer } from "./media-viewer.tsx";

/** Everything about files in a conversation that is no message: dropping, pasting, sheet, viewer. */
export function Attachments(props: {
  readonly model: ConversationModel;
  readonly peerName: string;
  /** One may write here. */
  readonly open: boolean;
}): JSX.Element {
  const { model, peerName } = props;
  const { files } = useAccount();
  const { platform } = useApp();
  const open = props.open && isAllowed(platform, "files");
  const { t } = useText();
  const place = useRef<HTMLDivElement>(null);
  const { conversationId } = model;
  const over = useDropping(place, conversationId, open);
  const picked = files.picked.value;
  return (
    <div ref={place} class="attachments">
      {over && (
        <div class="drop-overlay" data-testid="drop-overlay">
          <div class="drop-words">
            <Icon name="clip" size={30} />
            <p class="drop-title" dir="auto">
              {t.files.drop(peerName)}
            </p>
            <p>{t.files.dropHint}</p>
          </div>
        </div>
      )}
      {picked?.conversationId === conversationId && (
        <FileSheet model={model} picked={picked} peerName={peerName} />
      )}
      <MediaViewer model={model} />
    </div>
  );
}

/** Files dropped or pasted anywhere in the conversation around `place`. */
function useDropping(
  place: { readonly current: HTMLElement | null },
  conversationId: ConversationId,
  open: boolean,
): boolean {
  const app = useApp();
  const { files } = useAccount();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const section = place.current?.closest<HTMLElement>(".conversation");
    if (section === null || section === undefined || !open) return undefined;
    const ends = new AbortController();
    const { signal } = ends;
    const hasFiles = (event: DragEvent): boolean =>
      event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    section.addEventListener("dragenter", enter, { signal });
    section.addEventListener("dragover", enter, { signal });
    section.addEventListener(
      "dragleave",
      (event) => {
        const { relatedTarget } = event;
        if (!(relatedTarget instanceof Node) || !section.contains(relatedTarget)) setOver(false);
      },
      { signal },
    );
    section.addEventListener(
      "drop",
      (event) => {
        setOver(false);
        const { dataTransfer } = event;
        if (dataTransfer === null || !hasFiles(event)) return;
        event.preventDefault();
        app.attempt(async () => files.pick(conversationId, await droppedFiles(dataTransfer)));
      },
      { signal },
    );
    section.addEventListener(
      "paste",
      (event) => {
        const pasted = pastedFiles(event.clipboardData);
        // A text processor's clipboard has the words, and a picture of them.
        const isText = ["text/plain", "text/html"].every(
          (type) => event.clipboardData?.getData(type) !== "",
        );
        if (pasted.length === 0 || isText) return;
        event.preventDefault();
        files.pick(conversationId, pasted);
      },
      { signal },
    );
    return () => {
      ends.abort();
      setOver(false);
    };
  }, [conversationId, open]);
  return over;
}

/** The paper clip beside where one writes, with its menu. */
export function AttachButton({ model }: { model: ConversationModel }): JSX.Element | null {
  const { files } = useAccount();
  const app = useApp();
  const { t } = useText();
  const button = useRef<HTMLSpanElement>(null);
  const [open, setOpen] = useState(false);
  const inputs = {
    media: useRef<HTMLInputElement>(null),
    file: useRef<HTMLInputElement>(null),
    folder: useRef<HTMLInputElement>(null),
  };
  useEffect(() => {
    // Preact knows no such property.
    inputs.folder.current?.setAttribute("webkitdirectory", "");
  }, []);
  const take = (event: Event & { readonly currentTarget: HTMLInputElement }): void => {
    const { currentTarget } = event;
    try {
      files.pick(model.conversationId, pickedFiles(currentTarget.files ?? []));
    } catch (error) {
      app.fail(error);
    }
    // The same file again is a choice, too.
    currentTarget.value = "";
  };
  const choose = (input: { readonly current: HTMLInputElement | null }) => (): void => {
    setOpen(false);
    input.current?.click();
  };
  if (!isAllowed(app.platform, "files")) return null;
  const hidden = { type: "file", hidden: true, multiple: true, onChange: take } as const;
  return (
    <span ref={button} class="attach">
      <IconButton
        icon="clip"
        label={t.files.attach}
        aria-haspopup="dialog"
        data-testid="attach"
        onClick={() => setOpen(true)}
      />
      <input
        ref={inputs.media}
        {...hidden}
        accept="image/*,video/*,.heic,.heif"
        data-testid="pick-media"
      />
      <input ref={inputs.file} {...hidden} data-testid="pick-file" />
      <input ref={inputs.folder} {...hidden} data-testid="pick-folder" />
      {open && (
        <Popover
          anchor={button.current?.querySelector("button") ?? null}
          label={t.files.attach}
          onClose={() => setOpen(false)}
        >
          <Menu>
            <MenuItem icon="image" label={t.files.attachMedia} onClick={choose(inputs.media)} />
            <MenuItem icon="file" label={t.files.attachFile} onClick={choose(inputs.file)} />
            <MenuItem icon="folder" label={t.files.attachFolder} onClick={choose(inputs.folder)} />
          </Menu>
        </Popover>
      )}
    </span>
  );
}
