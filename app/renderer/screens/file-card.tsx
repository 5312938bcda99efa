import type { JSX } from "preact";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { FileBody } from "../../../shared/protocol/index.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { fileIcon, isUnseenPicture } from "../model/file-kind.ts";
import {
  FileName,
  isHere,
  saveFile,
  TransferBar,
  TransferButtons,
  transferText,
  useTransfer,
} from "./file-parts.tsx";

export interface FileMessageProps {
  readonly message: Message;
  readonly body: FileBody;
  readonly model: ConversationModel;
  readonly peerName: string;
}

/** Any file: its sign, its name, and how far it is. A press saves it, or begins to get it. */
export function FileCard({ message, body, peerName }: FileMessageProps): JSX.Element {
  const app = useApp();
  const { files, kit } = useAccount();
  const { t, format } = useText();
  const transfer = useTransfer(message);
  const here = isHere(transfer);
  const asked = transfer?.state === "active" || transfer?.state === "waiting";
  const text = transferText(t, format, body, transfer, peerName);
  const devices = transfer?.devices;
  return (
    <div class="file-card" data-testid="file-card" data-transfer={transfer?.state}>
      <button
        type="button"
        class="file-open"
        title={here ? t.files.save(body.name) : t.files.download(body.name)}
        disabled={transfer === undefined || (asked && !here)}
        onClick={() =>
          app.attempt(() =>
            here ? saveFile(files, message.id, body.name) : kit.files.fetch(message.id),
          )
        }
      >
        <span class="file-icon">
          <Icon name={fileIcon(body)} size={22} />
        </span>
        <span class="file-words">
          <FileName name={body.name} />
          <span
            class={`file-state ${transfer?.state === "failed" ? "is-failed" : ""}`}
            data-testid="file-state"
            title={
              devices === undefined ? undefined : t.files.devices(devices.complete, devices.all)
            }
          >
            {isUnseenPicture(body) ? `${text} · ${t.files.noPreview}` : text}
          </span>
        </span>
      </button>
      <TransferButtons message={message} body={body} transfer={transfer} />
      <TransferBar transfer={transfer} label={t.files.progressOf(body.name)} />
    </div>
  );
}
