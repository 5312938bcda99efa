import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { Transfer } from "../../../shared/chatkit/files/files-api.ts";
import type { FileBody, MessageId } from "../../../shared/protocol/index.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import type { Catalogue } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";
import { nameParts, saveName } from "../model/file-kind.ts";
import type { FileDesk } from "../model/files.ts";

/** How far a message's file is; undefined until it is known. */
export function useTransfer({ id }: Pick<Message, "id">): Transfer | undefined {
  const app = useApp();
  const { kit } = useAccount();
  const [transfer, setTransfer] = useState<Transfer>();
  useEffect(() => {
    let told = false;
    const end = kit.on("transfer", (changed) => {
      if (changed.messageId !== id) return;
      told = true;
      setTransfer(changed);
    });
    let gone = false;
    kit.files.transfer(id).then(
      (known) => {
        if (!told && !gone) setTransfer(known);
      },
      (error: unknown) => {
        if (!gone) app.fail(error);
      },
    );
    return () => {
      gone = true;
      end();
    };
  }, [id, kit]);
  return transfer;
}

/** Whether the content can be opened on this device. */
export function isHere(transfer: Transfer | undefined): boolean {
  if (transfer === undefined) return false;
  if (transfer.state === "complete") return true;
  // One's own is here while it is on its way to others.
  return transfer.direction === "send" && transfer.failure === undefined;
}

/** The `blob:` address of a file's content while it is wanted; undefined until then. */
export function useFileUrl(id: MessageId, wanted: boolean): string | undefined {
  const app = useApp();
  const { files } = useAccount();
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!wanted) return undefined;
    let gone = false;
    files.urls.acquire(id).then(
      (made) => {
        if (!gone) setUrl(made);
      },
      (error: unknown) => {
        if (!gone) app.fail(error);
      },
    );
    return () => {
      gone = true;
      setUrl(undefined);
      files.urls.release(id);
    };
  }, [id, wanted, files]);
  return url;
}

/** As `useFileUrl`, of a picture; `too-large` where drawing it would fill the memory. */
export function usePictureUrl(id: MessageId, wanted: boolean): string | undefined {
  const { files } = useAccount();
  const url = useFileUrl(id, wanted);
  const [drawable, setDrawable] = useState<{ readonly url: string; readonly is: boolean }>();
  useEffect(() => {
    if (url === undefined) return undefined;
    let gone = false;
    files.urls.isDrawable(id).then(
      (is) => {
        if (!gone) setDrawable({ url, is });
      },
      // What cannot be read is told by the address.
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [id, url, files]);
  if (url === undefined || drawable?.url !== url) return undefined;
  return drawable.is ? url : "too-large";
}

/** A browser begins to save at once; what is kept for it may go after that. */
const SAVING_MS = 60_000;

/** Offers a file for saving: a browser puts it among the downloads, the shell asks where. */
export async function saveFile(files: FileDesk, id: MessageId, name: string): Promise<void> {
  const url = await files.urls.acquire(id);
  const link = document.createElement("a");
  link.href = url;
  link.download = saveName(name);
  link.click();
  setTimeout(() => files.urls.release(id), SAVING_MS);
}

/** A name that keeps its extension in sight, and cannot turn around what stands beside it. */
export function FileName({ name }: { name: string }): JSX.Element {
  const [start, end] = nameParts(name);
  return (
    <bdi class="file-name">
      <span class="file-name-start">{start}</span>
      {end !== "" && <span class="file-name-end">{end}</span>}
    </bdi>
  );
}

/** What happens with a file at this moment, in a line. */
export function transferText(
  t: Catalogue,
  format: Format,
  body: FileBody,
  transfer: Transfer | undefined,
  peerName: string,
): string {
  const size = format.bytes(body.size);
  if (transfer === undefined) return size;
  const part = t.files.bytesOf(format.bytes(transfer.bytes), size);
  switch (transfer.state) {
    case "offered":
      return transfer.direction === "send" ? t.files.ready(size, peerName) : size;
    case "waiting":
      return t.files.waiting(transfer.bytes > 0 ? part : size, peerName);
    case "active":
      return [
        part,
        ...(transfer.bytesPerSecond === undefined
          ? []
          : [t.files.speed(format.bytes(transfer.bytesPerSecond))]),
        ...(transfer.remainingMs === undefined ? [] : [remaining(t, transfer.remainingMs)]),
      ].join(" · ");
    case "paused":
      return t.files.paused(part);
    case "complete":
      return size;
    case "failed":
      return transfer.failure === undefined ? size : t.files.failures[transfer.failure];
  }
}

function remaining(t: Catalogue, ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return t.files.secondsLeft(seconds);
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? t.files.minutesLeft(minutes) : t.files.hoursLeft(Math.round(minutes / 60));
}

/** What can be done with a transfer as it is. */
export function TransferButtons(props: {
  readonly message: Message;
  readonly body: FileBody;
  readonly transfer: Transfer | undefined;
}): JSX.Element | null {
  const { message, body, transfer } = props;
  const app = useApp();
  const { files, kit } = useAccount();
  const { t } = useText();
  if (transfer === undefined) return null;
  const { id } = message;
  const { state, direction, failure } = transfer;
  const fetch = (): void => app.attempt(() => kit.files.fetch(id));
  const running = state === "active" || state === "waiting";
  const final = failure === "withdrawn" || failure === "unknown-seal";
  const name = body.name;
  return (
    <span class="file-buttons">
      {direction === "receive" && state === "offered" && (
        <FileButton icon="download" label={t.files.download(name)} name="fetch" onClick={fetch} />
      )}
      {state === "paused" && (
        <FileButton icon="play" label={t.files.resume(name)} name="resume" onClick={fetch} />
      )}
      {state === "failed" && !final && (
        <FileButton icon="retry" label={t.files.retry(name)} name="retry" onClick={fetch} />
      )}
      {running && (
        <FileButton
          icon="pause"
          label={t.files.pause(name)}
          name="pause"
          onClick={() => app.attempt(() => kit.files.pause(id))}
        />
      )}
      {(running || state === "paused") && (
        <FileButton
          icon="close"
          label={t.files.cancel(name)}
          name="cancel"
          onClick={() => app.attempt(() => kit.files.cancel(id))}
        />
      )}
      {direction === "receive" && state === "complete" && (
        <FileButton
          icon="download"
          label={t.files.save(name)}
          name="save"
          onClick={() => app.attempt(() => saveFile(files, id, name))}
        />
      )}
    </span>
  );
}

function FileButton(props: {
  readonly icon: IconName;
  readonly label: string;
  readonly name: string;
  readonly onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class="file-button"
      aria-label={props.label}
      title={props.label}
      data-testid={`file-${props.name}`}
      onClick={props.onClick}
    >
      <Icon name={props.icon} size={18} />
    </button>
  );
}

/** Bytes that are there, of all; nothing where nothing moves. */
export function TransferBar(props: {
  readonly transfer: Transfer | undefined;
  readonly label: string;
}): JSX.Element | null {
  const { transfer, label } = props;
  if (transfer === undefined || transfer.state === "complete" || transfer.state === "failed") {
    return null;
  }
  if (transfer.state === "offered" && transfer.bytes === 0) return null;
  return (
    <progress
      class={`file-progress is-${transfer.state}`}
      aria-label={label}
      max={Math.max(1, transfer.size)}
      value={transfer.bytes}
      data-testid="file-progress"
    />
  );
}
