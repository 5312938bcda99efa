import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LinkStatus } from "../../../shared/chatkit/api.ts";
import type { UserId } from "../../../shared/protocol/index.ts";
import { IconButton } from "../components/button.tsx";
import { useAccount, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { PathGlyph } from "../components/path-glyph.tsx";
import { Tooltip } from "../components/tooltip.tsx";
import { useNow } from "../components/use-now.ts";
import type { OpenConversation } from "../model/account-model.ts";
import { closedBy } from "../model/group-rights.ts";
import { Attachments } from "./attachments.tsx";
import { Composer, GroupComposer } from "./composer.tsx";
import { ConversationAvatar } from "./conversation-avatar.tsx";
import { GroupWords } from "./group-head.tsx";
import { MessageList } from "./message-list.tsx";
import { PinsBar } from "./pins-bar.tsx";
import { presenceLine } from "./presence-line.ts";
import { SafetyBanner } from "./safety-banner.tsx";
import { TypingWords } from "./typing-words.tsx";
import { isFindKey, SearchInChat } from "./search-in-chat.tsx";
import { useSafety } from "./use-safety.ts";

export interface ConversationProps {
  readonly open: OpenConversation;
  readonly detailsOpen: boolean;
  readonly onDetails: () => void;
}

export function ConversationScreen(props: ConversationProps): JSX.Element {
  const { open, detailsOpen, onDetails } = props;
  const account = useAccount();
  const { t, format } = useText();
  const now = useNow(30_000);
  const { peer } = open;
  const { conversationId } = open.model;
  const entry = peer === undefined ? undefined : account.roster.value.get(peer);
  const group = account.groups.value.get(conversationId);
  const conversation = account.conversations.value.find(
    (one) => one.conversationId === conversationId,
  );
  const named = { conversationId, title: "", ...conversation, ...(peer && { peer }) };
  const name = account.titleOf(named);
  const [finding, setFinding] = useState(false);
  useEffect(() => {
    const find = (event: KeyboardEvent): void => {
      if (!isFindKey(event) || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      setFinding(true);
      document.querySelector<HTMLInputElement>(".find-bar input")?.select();
    };
    globalThis.addEventListener("keydown", find);
    return () => globalThis.removeEventListener("keydown", find);
  }, []);
  return (
    <section
      class="conversation"
      aria-label={peer === undefined ? t.groups.chatLabel(name) : t.chat.label(name)}
    >
      <header class="conversation-head">
        <span class="back-button">
          <IconButton
            icon="back"
            label={t.chat.backToList}
            onClick={() => {
              account.closeConversation();
              requestAnimationFrame(() => {
                document.querySelector<HTMLElement>('.tab[aria-selected="true"]')?.focus();
              });
            }}
          />
        </span>
        <ConversationAvatar conversation={named} size={40} show />
        <div class="conversation-who">
          <h2>
            <bdi>{name}</bdi>
            {peer !== undefined && <VerifiedMark peer={peer} />}
          </h2>
          <p class="conversation-presence" dir="auto">
            {group !== undefined && <GroupWords group={group} />}
            {peer !== undefined && (
              <TypingWords conversationId={conversationId} name={name}>
                {entry !== undefined && presenceLine(t, format, entry, now)}
                {entry !== undefined && entry.presence.statusText !== "" && (
                  <span class="conversation-status"> · {entry.presence.statusText}</span>
                )}
              </TypingWords>
            )}
          </p>
        </div>
        {peer !== undefined && <LinkChip peer={peer} />}
        <IconButton
          icon="search"
          label={t.history.findLabel}
          aria-pressed={finding}
          onClick={() => setFinding(!finding)}
        />
        <span aria-current={detailsOpen ? "true" : undefined} class="details-button">
          <IconButton
            icon="info"
            label={t.chat.details}
            aria-pressed={detailsOpen}
            onClick={onDetails}
          />
        </span>
      </header>
      {finding && (
        <SearchInChat
          key={`f:${conversationId}`}
          model={open.model}
          onClose={() => {
            setFinding(false);
            document.querySelector<HTMLElement>(".composer textarea")?.focus();
          }}
        />
      )}
      {peer !== undefined && <SafetyBanner key={`s:${conversationId}`} peer={peer} name={name} />}
      <PinsBar key={`p:${conversationId}`} model={open.model} />
      <MessageList key={conversationId} model={open.model} peerName={name} />
      <Attachments
        key={`a:${conversationId}`}
        model={open.model}
        peerName={name}
        open={
          peer === undefined
            ? group !== undefined && closedBy(group) === undefined
            : entry?.state === "buddies"
        }
      />
      {peer === undefined ? (
        <GroupComposer
          key={`c:${conversationId}`}
          model={open.model}
          peerName={name}
          group={group}
        />
      ) : (
        <Composer key={`c:${conversationId}`} model={open.model} peerName={name} entry={entry} />
      )}
    </section>
  );
}

/** Somebody compared the safety number with them. */
function VerifiedMark({ peer }: { readonly peer: UserId }): JSX.Element | null {
  const { t } = useText();
  if (useSafety(peer)?.verified !== true) return null;
  return (
    <span class="verified-mark" title={t.safety.verified} data-testid="verified">
      <Icon name="shield" size={16} />
      <span class="visually-hidden">{t.safety.verified}</span>
    </span>
  );
}

/** How one's machine reaches theirs at this moment. */
function LinkChip({ peer }: { peer: UserId }): JSX.Element | null {
  const account = useAccount();
  const { t, format } = useText();
  const links = account.links.value.filter((link) => link.userId === peer);
  const best = bestLink(links);
  if (best === undefined) return null;
  const { kind, link } = best;
  const trip = link.roundTripMs === undefined ? undefined : format.duration(link.roundTripMs);
  const [label, hint] = {
    direct: [t.chat.linkDirect, t.chat.linkDirectHint(trip)] as const,
    relay: [t.chat.linkRelay, t.chat.linkRelayHint(trip)] as const,
    opening: [t.chat.linkOpening, t.chat.linkOpeningHint] as const,
  }[kind];
  return (
    <Tooltip text={hint}>
      <button type="button" class={`chip chip-${kind}`} data-testid="link-status" data-link={kind}>
        <PathGlyph path={kind === "direct" ? "direct" : "relayed"} />
        <span class="chip-label">{label}</span>
        {trip !== undefined && kind !== "opening" && <bdi class="chip-trip">{trip}</bdi>}
      </button>
    </Tooltip>
  );
}

function bestLink(
  links: readonly LinkStatus[],
): { kind: "direct" | "relay" | "opening"; link: LinkStatus } | undefined {
  const direct = links.find((link) => link.direct === "open" && !link.slow);
  if (direct !== undefined) return { kind: "direct", link: direct };
  const relay = links.find((link) => link.relay === "open");
  if (relay !== undefined) return { kind: "relay", link: relay };
  const opening = links.find((link) => link.direct === "opening" || link.relay === "opening");
  return opening === undefined ? undefined : { kind: "opening", link: opening };
}
