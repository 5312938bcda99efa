import type { JSX } from "preact";
import type { ConversationModel } from "../model/conversation-model.ts";

export function GroupDetails(_: {
  readonly model: ConversationModel;
  readonly onClose: () => void;
}): JSX.Element | null {
  return null;
}
