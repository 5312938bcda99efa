import type { JSX } from "preact";
import { Bee } from "./logo.tsx";

const cell = (x: number, y: number): string =>
  `M${x} ${y - 21}l18.200 10.500v21L${x} ${y + 21}l-18.200-10.500v-21Z`;

/** Small pictures for empty places: comb and flight path, drawn in the theme's colours. */
export function Illustration({
  name,
}: {
  name: "chats" | "buddies" | "welcome" | "search" | "hello" | "windows";
}): JSX.Element {
  return (
    <svg class="illustration" viewBox="0 0 200 130" aria-hidden="true">
      {pictures[name]}
    </svg>
  );
}

const pictures = {
  welcome: (
    <>
      <path class="ill-cell ill-soft" d={cell(42, 82)} />
      <path class="ill-cell" d={cell(78.4, 82)} />
      <path class="ill-cell ill-warm" d={cell(60.2, 50.5)} />
      <path class="ill-way" d="M66 50c18 30 44 24 42 4-1.500-15-20-13-18 3 3 24 42 20 68-22" />
      <Bee x={164} y={28} scale={1.35} />
    </>
  ),
  chats: (
    <>
      <path
        class="ill-card"
        d="M30 34a10 10 0 0 1 10-10h60a10 10 0 0 1 10 10v26a10 10 0 0 1-10 10H58L44 82V70h-4a10 10 0 0 1-10-10Z"
      />
      <path class="ill-line" d="M46 41h46M46 53h28" />
      <path
        class="ill-card ill-warm"
        d="M170 72a10 10 0 0 0-10-10h-44a10 10 0 0 0-10 10v20a10 10 0 0 0 10 10h32l13 11v-11a10 10 0 0 0 9-10Z"
      />
      <path class="ill-line" d="M121 82h34" />
      <path class="ill-way" d="M116 40c16-2 30-8 42-16" />
      <Bee x={168} y={17} scale={1} />
    </>
  ),
  buddies: (
    <>
      <path class="ill-cell ill-warm" d={cell(62, 66)} />
      <path class="ill-cell ill-soft" d={cell(138, 66)} />
      <path
        class="ill-line"
        d="M62 65a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM51 78c1-6 5.500-9 11-9s10 3 11 9M138 65a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM127 78c1-6 5.500-9 11-9s10 3 11 9"
      />
      <path class="ill-way" d="M84 66h22" />
      <Bee x={112} y={60} scale={0.85} />
    </>
  ),
  search: (
    <>
      <path class="ill-cell ill-soft" d={cell(70, 76)} />
      <path
        class="ill-line ill-thick"
        d="M112 28a25 25 0 1 1 0 50 25 25 0 0 1 0-50ZM130.500 71.500 150 92"
      />
      <path class="ill-way" d="M98 58c8 6 16 4 20-3" />
      <Bee x={122} y={48} scale={0.8} />
    </>
  ),
  hello: (
    <>
      <path class="ill-cell ill-warm" d={cell(46, 82)} />
      <path class="ill-cell ill-soft" d={cell(158, 44)} />
      <path class="ill-way" d="M66 74 124 50" />
      <Bee x={132} y={46} scale={0.95} />
    </>
  ),
  windows: (
    <>
      <rect class="ill-card" x="34" y="22" width="86" height="62" rx="9" />
      <path class="ill-line" d="M34 38h86M46 54h40M46 66h26" />
      <rect class="ill-card ill-warm" x="86" y="52" width="82" height="58" rx="9" />
      <path class="ill-line" d="M86 68h82" />
      <Bee x={128} y={91} scale={1.05} />
    </>
  ),
} as const satisfies Record<string, JSX.Element>;
