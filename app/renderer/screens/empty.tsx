import type { ComponentChildren, JSX } from "preact";
import { Illustration } from "../components/illustrations.tsx";

export interface EmptyProps {
  readonly picture: Parameters<typeof Illustration>[0]["name"];
  readonly title: string;
  readonly text?: string;
  readonly children?: ComponentChildren;
}

/** An empty place that says what belongs there. */
export function Empty({ picture, title, text, children }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <Illustration name={picture} />
      <p class="empty-title" dir="auto">
        {title}
      </p>
      {text !== undefined && <p class="empty-text">{text}</p>}
      {children}
    </div>
  );
}
