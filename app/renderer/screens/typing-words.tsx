import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConversationId } from "../../../shared/protocol/index.ts";
import { useAccount, useText } from "../components/context.tsx";

/** Somebody who writes in bursts is told of once in this time by a screen reader. */
const SAY_EVERY_MS = 30_000;

/** That somebody types, in place of what else is said of them. */
export function TypingWords(props: {
  readonly conversationId: ConversationId;
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const types = account.typing.value.has(props.conversationId);
  const [said, setSaid] = useState("");
  const saidAt = useRef(-Infinity);
  const words = t.conversations.typing(props.name);
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
