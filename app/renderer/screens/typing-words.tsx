import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConversationId } from "../../../shared/protocol/index.ts";
import { useAccount, useText } from "../components/context.tsx";

/** Somebody who writes in bursts is told of once in this time by a screen reader. */
const SAY_EVERY_MS = 30_000;

/** That somebody types, in place of what else is said of them. */
export function TypingWords(props: {
  readonly conversationId: ConversationId;
  /** Of the only one who can be typing there. */
  readonly name?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const typing = account.typing.value.get(props.conversationId) ?? [];
  const types = typing.length > 0;
  const [said, setSaid] = useState("");
  const saidAt = useRef(-Infinity);
  const [one, two] = typing.map((userId) => props.name ?? account.nameOf(userId));
  const words =
    typing.length > 2
      ? t.groups.typingMany(typing.length)
      : two === undefined
        ? t.conversations.typing(one ?? "")
        : t.groups.typingTwo(one ?? "", two);
  useEffect(() => {
    if (!types) setSaid("");
    else if (performance.now() - saidAt.current >= SAY_EVERY_MS) {
      saidAt.current = performance.now();
      setSaid(words);
    }
  }, [types]);
  return (
    <>
      {types ? (
        <span class="typing" data-testid="typing">
          {words}
        </span>
      ) : (
        props.children
      )}
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}
