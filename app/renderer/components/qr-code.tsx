import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import encodeQr from "qr";

/** Modules of white around the code that a scanner needs (ISO/IEC 18004 §9.1). */
const QUIET_ZONE = 4;

/** A text as a QR code. Dark on white in every theme: scanners expect that. */
export function QrCode({ text, label }: { text: string; label: string }): JSX.Element {
  const { path, size } = useMemo(() => {
    const rows = encodeQr(text, "raw", { ecc: "medium", border: QUIET_ZONE });
    const squares = rows.flatMap((row, y) =>
      row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])),
    );
    return { path: squares.join(""), size: rows.length };
  }, [text]);
  return (
    <svg class="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}
