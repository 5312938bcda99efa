/**
 * What runs inside the page: looks at what the app shows. The functions are sent there as text, so
 * each is complete in itself.
 */
import * as v from "valibot";
import { ClientEvent } from "../client-wire.ts";

declare global {
  /** Of the lab's: takes a `ClientEvent` as JSON. */
  function labTell(line: string): void;
  interface Window {
    /** Connections that the app has made, for their statistics. */
    labConnections?: RTCPeerConnection[];
  }
}

/** What the page tells. */
export const Seen = v.pipe(v.unknown(), ClientEvent);

/** Begins before the app does: tells each change of a message and of the link. */
export function watchPage(): void {
  const connections: RTCPeerConnection[] = [];
  window.labConnections = connections;
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };

  const told = new Map<string, string>();
  const tell = (key: string, what: object): void => {
    const text = JSON.stringify(what);
    if (told.get(key) === text) return;
    told.set(key, text);
    labTell(JSON.stringify({ ...what, at: performance.timeOrigin + performance.now() }));
  };
  const look = (): void => {
    for (const row of document.querySelectorAll<HTMLElement>('[data-testid="message"]')) {
      const { id = "", own, state = "", path } = row.dataset;
      const isOwn = own === "true";
      const message = {
        id,
        from: "",
        own: isOwn,
        text: row.querySelector('[data-testid="message-text"]')?.textContent ?? "",
        // Who reads a message has got it.
        state: isOwn && state === "read" ? "delivered" : state,
        ...(path === undefined ? {} : { path }),
      };
      // Of received ones the state changes as they are read; they come once.
      if (isOwn) tell(id, { event: "messageChanged", message });
      else if (!told.has(id)) tell(id, { event: "message", message });
    }
    const link = document.querySelector<HTMLElement>('[data-testid="link-status"]')?.dataset[
      "link"
    ];
    if (link === undefined) return;
    const direct = { direct: "open", opening: "opening" }[link] ?? "none";
    const relay = link === "relay" ? "open" : "none";
    tell("link", { event: "link", link: { userName: "", direct, relay } });
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ["data-state", "data-path", "data-link"],
  });
}

/** All messages of the open conversation, from top to bottom. */
export function showMessages(): unknown {
  const rows = document.querySelectorAll<HTMLElement>('[data-testid="message"]');
  return [...rows].map((row) => ({
    id: row.dataset["id"] ?? "",
    from: "",
    own: row.dataset["own"] === "true",
    text: row.querySelector('[data-testid="message-text"]')?.textContent ?? "",
    state: row.dataset["state"] ?? "",
  }));
}

/** The statistics of each connection that is connected, oldest first. */
export async function openConnections(): Promise<unknown> {
  const open = (window.labConnections ?? []).filter(
    ({ connectionState }) => connectionState === "connected",
  );
  const reports = await Promise.all(open.map((connection) => connection.getStats()));
  return reports.map((report) => {
    const list: unknown[] = [];
    report.forEach((entry: unknown) => list.push(entry));
    return list;
  });
}
