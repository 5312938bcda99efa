/**
 * May a page of this origin connect? Browsers always send the header and cannot forge it; without
 * the check any web page could use the session of whoever visits it (RFC 6455 §10.2).
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  return host !== undefined && new URL(origin).host === host.toLowerCase();
}
