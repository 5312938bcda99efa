import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Show } from "../../../shared/protocol/index.ts";
import { previewUrl } from "../model/picture-size.ts";
import { HEXAGON } from "./logo.tsx";

const TONES = 8;

export interface AvatarProps {
  /** Decides the colour. */
  readonly id: string;
  readonly name: string;
  readonly size?: number;
  readonly show?: Show | undefined;
}

/** A person as a cell of the comb with their initials. Decorative: their name stands beside it. */
export function Avatar({ id, name, size = 44, show }: AvatarProps): JSX.Element {
  return (
    <span class="avatar" style={{ width: `${size}px`, height: `${size}px` }} aria-hidden="true">
      <svg width={size} height={size} viewBox="0 0 48 48" class={`tone-${toneOf(id)}`}>
        <path class="avatar-cell" d={HEXAGON} />
        <text class="avatar-text" x="24" y="24" text-anchor="middle" dominant-baseline="central">
          {initials(name)}
        </text>
      </svg>
      {show !== undefined && <PresenceDot show={show} />}
    </span>
  );
}

/** A group: a rounded square, with its picture or its initials. Decorative: its name stands beside it. */
export function GroupAvatar(props: {
  readonly id: string;
  readonly name: string;
  /** JPEG or WebP in base64. */
  readonly picture?: string | undefined;
  readonly size?: number;
}): JSX.Element {
  const { id, name, picture, size = 44 } = props;
  const url = useMemo(() => (picture === undefined ? undefined : previewUrl(picture)), [picture]);
  return (
    <span
      class="avatar avatar-group"
      style={{ width: `${size}px`, height: `${size}px` }}
      aria-hidden="true"
    >
      {url === undefined ? (
        <svg width={size} height={size} viewBox="0 0 48 48" class={`tone-${toneOf(id)}`}>
          <rect class="avatar-cell" x="2" y="2" width="44" height="44" rx="13" />
          <text class="avatar-text" x="24" y="24" text-anchor="middle" dominant-baseline="central">
            {initials(name)}
          </text>
        </svg>
      ) : (
        <img src={url} alt="" width={size} height={size} draggable={false} />
      )}
    </span>
  );
}

/** Told apart by shape too, not by colour alone. */
export function PresenceDot({ show }: { show: Show }): JSX.Element {
  return (
    <svg class={`dot dot-${show}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <circle class="dot-edge" cx="7" cy="7" r="7" />
      {show === "offline" ? (
        <circle class="dot-ring" cx="7" cy="7" r="3.400" />
      ) : (
        <circle class="dot-fill" cx="7" cy="7" r="4.800" />
      )}
      {show === "away" && <path class="dot-sign" d="M7 4.600V7l1.600 1.300" />}
      {show === "busy" && <path class="dot-sign" d="M4.900 7h4.200" />}
    </svg>
  );
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Two initials of words, or one character of a script that has no initials. */
function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /^[\p{L}\p{N}\p{Emoji}]/u.test(word));
  const first = (word: string | undefined): string =>
    word === undefined ? "" : (graphemes.segment(word).containing(0)?.segment ?? "");
  const start = first(words[0]);
  if (!/^\p{Script=Latin}|^\p{Script=Cyrillic}|^\p{Script=Greek}/u.test(start)) return start || "?";
  return (start + (words.length > 1 ? first(words.at(-1)) : "")).toUpperCase();
}

/** One of `TONES` colours, by whom it is. */
export function toneOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return hash % TONES;
}
