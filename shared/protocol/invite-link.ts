import * as v from "valibot";

/** As the wire's `account.registerFinish` takes it. */
const MAX_CODE_LENGTH = 64;

/** SHA-256 of a server's certificate (DER) in base64url without padding, 43 characters. */
export const CertificatePin = v.pipe(
  v.string(),
  // 32 bytes: the last character carries four bits only.
  v.regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "not a SHA-256 in base64url"),
);

const InviteCode = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(MAX_CODE_LENGTH),
  v.regex(/^[\w-]+$/, "not an invitation code"),
);

/** What an invitation link says. */
export interface InviteLink {
  /** `http(s)://host[:port][/path]`, without a slash at the end. */
  readonly server: string;
  readonly invite?: string;
  /** Of a certificate that the server has made itself: this one and no other is trusted. */
  readonly pin?: string;
}

/** Longest text that is looked at. */
const MAX_LENGTH = 2048;

/**
 * An invitation link as it is shared: `https://host:port/#invite=CODE&pin=PIN`. The part after the
 * `#` never reaches a server, nor its log (RFC 3986 §3.5). With `scheme: "app"` the same as
 * `beeline://…`, which opens the app; only for https.
 */
export function formatInviteLink(link: InviteLink, scheme: "web" | "app" = "web"): string {
  const fields: string[] = [];
  if (link.invite !== undefined) fields.push(`invite=${link.invite}`);
  if (link.pin !== undefined) fields.push(`pin=${link.pin}`);
  const server = scheme === "app" ? link.server.replace(/^https:/, "beeline:") : link.server;
  return fields.length === 0 ? server : `${server}/#${fields.join("&")}`;
}

/**
 * Reads an invitation link, or a server's plain address. Fields that it does not know are left out:
 * newer servers may have more.
 * @returns undefined for anything else, and where the code or the pin is malformed
 */
export function parseInviteLink(text: string): InviteLink | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) return undefined;
  // An own scheme is read by other rules than https, with other results.
  const url = urlOf(trimmed.replace(/^beeline:/i, "https:"));
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== "" || url.password !== "" || url.search !== "") return undefined;
  const fields = new Map(url.hash.slice(1).split("&").map(fieldOf));
  const invite = v.safeParse(v.optional(InviteCode), fields.get("invite"));
  const pin = v.safeParse(v.optional(CertificatePin), fields.get("pin"));
  if (!invite.success || !pin.success) return undefined;
  // Over plain http there is no certificate.
  if (pin.output !== undefined && url.protocol !== "https:") return undefined;
  return {
    server: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`,
    ...(invite.output === undefined ? {} : { invite: invite.output }),
    ...(pin.output === undefined ? {} : { pin: pin.output }),
  };
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    // No URL: whatever else it is, it is no link.
    return undefined;
  }
}

function fieldOf(field: string): [string, string] {
  const at = field.indexOf("=");
  return at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
}
