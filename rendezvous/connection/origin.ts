/**
 * May a page of this origin connect? Browsers always send the header and cannot forge it; without
 * the check any web page could use the session of whoever visits it (RFC 6455 §10.2).
 * @param encrypted the connection came by TLS: then the page has to, for one that came by plain
 * http may be anybody's
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
  encrypted = false,
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  const page = URL.parse(origin);
  if (page === null || page.host === "" || host === undefined) return false;
  if (encrypted && page.protocol !== "https:") return false;
  // As the browser writes it: without the port that the scheme has anyway.
  return page.host === URL.parse(`${page.protocol}//${host}`)?.host;
}
