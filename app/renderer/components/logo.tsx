import type { JSX } from "preact";

/** The bee at the end of its straight, dotted way; drawn around 0,0, flying to the upper right. */
export function Bee({ x, y, scale = 1 }: { x: number; y: number; scale?: number }): JSX.Element {
  return (
    <g transform={`translate(${x} ${y}) scale(${scale}) rotate(-32)`}>
      <ellipse
        class="bee-wing"
        cx="-1.500"
        cy="-6.300"
        rx="3.100"
        ry="5"
        transform="rotate(-28 -1.500 -6.300)"
      />
      <ellipse class="bee-wing" cx="3" cy="-6" rx="2.700" ry="4.500" transform="rotate(14 3 -6)" />
      <rect class="bee-body" x="-8" y="-4.200" width="16" height="8.400" rx="4.200" />
      <path class="bee-stripe" d="M-2.800-4.100v8.200M1.600-4.100v8.200" />
    </g>
  );
}

/** The mark alone, on its tile. */
export function LogoMark({ size = 40 }: { size?: number }): JSX.Element {
  return (
    <svg class="logo-mark" width={size} height={size} viewBox="0 0 48 48" aria-hidden="true">
      <path class="logo-tile" d={HEXAGON} />
      <path class="logo-way" d="M9.200 30.500c.600 5 6.300 6.800 10.800 2.600" />
      <Bee x={27.5} y={23.5} scale={1.5} />
    </svg>
  );
}

/** A hexagon with soft corners in 48 × 48. */
export const HEXAGON =
  "M19.800 2.900a8.400 8.400 0 0 1 8.400 0l12 6.900a8.400 8.400 0 0 1 4.200 7.300v13.800a8.400 8.400 0 0 1-4.200 7.300l-12 6.900a8.400 8.400 0 0 1-8.400 0l-12-6.900a8.400 8.400 0 0 1-4.200-7.300V17.100a8.400 8.400 0 0 1 4.200-7.300Z";
