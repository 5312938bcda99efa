import encodeQR from "qr";
import { formatInviteLink, type InviteLink } from "../../shared/protocol/index.ts";

/** A link as text and, for a telephone's camera, as a QR code of half blocks. */
export function shareText(link: InviteLink): string {
  const text = formatInviteLink(link);
  return `${text}\n\n${encodeQR(text, "ascii", { ecc: "low" })}`;
}
