import type { JSX } from "preact";
import type { Path } from "../../../shared/chatkit/delivery/delivery-state.ts";

const shapes: Readonly<Record<Path, JSX.Element>> = {
  /** From end to end. */
  direct: <path d="M3 6h16" />,
  /** By way of somebody. */
  relayed: <path d="M2 6h5.500M14.500 6H20M11 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z" />,
  /** Laid down in a tray. */
  stored: <path d="M4 5v4.500h14V5M11 1.500V6M8.800 4.300 11 6.300l2.200-2" />,
};

/** The way that a message took, small: a line, a line with a node, a tray. */
export function PathGlyph({ path }: { path: Path }): JSX.Element {
  return (
    <svg
      class={`path-glyph path-${path}`}
      width="20"
      height="11"
      viewBox="0 0 22 12"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {path === "direct" && (
        <g fill="currentColor" stroke="none">
          <circle cx="3" cy="6" r="1.900" />
          <circle cx="19" cy="6" r="1.900" />
        </g>
      )}
      {shapes[path]}
    </svg>
  );
}
