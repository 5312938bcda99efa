import type { JSX } from "preact";
import type { LinkStatus } from "../../../shared/chatkit/api.ts";
import { useText } from "../components/context.tsx";
import { PathGlyph } from "../components/path-glyph.tsx";
import type { Catalogue } from "../i18n/en.ts";

type LinkState = keyof Catalogue["network"]["states"];

/** How messages to that device go now. */
function linkState(link: LinkStatus | undefined): LinkState {
  if (link === undefined) return "none";
  if (link.direct === "open" && !link.slow) return "direct";
  if (link.relay === "open") return "relay";
  if (link.direct === "opening" || link.relay === "opening") return "opening";
  return link.direct === "none" ? "none" : "failed";
}

/** The way to one device in a few words, and its figures below. */
export function LinkLine({ link }: { link: LinkStatus | undefined }): JSX.Element {
  const { t, format } = useText();
  const state = linkState(link);
  return (
    <>
      <p class="link-state" data-state={state}>
        {state === "direct" && <PathGlyph path="direct" />}
        {state === "relay" && <PathGlyph path="relayed" />}
        <span>{t.network.states[state]}</span>
        {link?.near === true && <span class="badge badge-good">{t.network.near}</span>}
        {link?.slow === true && <span class="badge badge-warn">{t.network.slow}</span>}
      </p>
      {link !== undefined && (state === "direct" || state === "relay") && (
        <dl class="link-facts">
          {link.roundTripMs !== undefined && (
            <div>
              <dt>{t.network.roundTrip}</dt>
              <dd>{format.duration(link.roundTripMs)}</dd>
            </div>
          )}
          {state === "direct" && link.openedInMs !== undefined && (
            <div>
              <dt>{t.network.openedIn}</dt>
              <dd>{format.duration(link.openedInMs)}</dd>
            </div>
          )}
          <div>
            <dt>{t.network.via}</dt>
            <dd>{state === "relay" ? t.network.byServer : pairText(t, link)}</dd>
          </div>
          <div>
            <dt>{t.network.traffic}</dt>
            <dd>
              {format.bytes(link.bytesSent)} ↑ · {format.bytes(link.bytesReceived)} ↓
            </dd>
          </div>
        </dl>
      )}
    </>
  );
}

/** The candidates of an open direct link, in words. */
export function pairText(t: Catalogue, { pair }: Pick<LinkStatus, "pair">): string {
  if (pair === undefined) return t.network.unknown;
  const { candidates } = t.network;
  return t.network.pair(
    candidates[pair.local],
    candidates[pair.remote],
    pair.protocol.toUpperCase(),
  );
}
