/** What a client process and its driver say to each other: a JSON value per line, both ways. */
import * as v from "valibot";
import { RoutePolicy } from "../shared/protocol/index.ts";

const Account = { userName: v.string(), password: v.string() };

export const Command = v.variant("command", [
  v.object({ command: v.literal("register"), ...Account }),
  v.object({ command: v.literal("signIn"), ...Account }),
  v.object({ command: v.literal("restore"), userName: v.string() }),
  v.object({ command: v.literal("add"), userName: v.string() }),
  v.object({ command: v.literal("accept"), userName: v.string() }),
  /** Answers with `Sent` once the message is queued on disk. */
  v.object({ command: v.literal("send"), to: v.string(), text: v.string() }),
  v.object({ command: v.literal("history"), with: v.string(), limit: v.number() }),
  v.object({ command: v.literal("links") }),
  v.object({ command: v.literal("setRoute"), userName: v.string(), policy: RoutePolicy }),
  /** From now on no frame of a direct link comes through, and no new one opens: a firewall. */
  v.object({ command: v.literal("cutDirect") }),
  v.object({ command: v.literal("restoreDirect") }),
  /** Answers when everything is closed; the process ends afterwards. */
  v.object({ command: v.literal("close") }),
]);
export type Command = v.InferOutput<typeof Command>;

export const Request = v.object({ id: v.number(), command: Command });

export const ChatMessage = v.object({
  id: v.string(),
  from: v.string(),
  own: v.boolean(),
  text: v.string(),
  state: v.string(),
  path: v.exactOptional(v.string()),
  reason: v.exactOptional(v.string()),
});
export type ChatMessage = v.InferOutput<typeof ChatMessage>;

/** `at`: when it was asked to send, by the same clock as the events'. */
export const Sent = v.object({ id: v.string(), at: v.number() });
export type Sent = v.InferOutput<typeof Sent>;

const CandidateKind = v.picklist(["host", "srflx", "prflx", "relay"]);

export const ClientPair = v.object({
  local: CandidateKind,
  remote: CandidateKind,
  protocol: v.picklist(["udp", "tcp"]),
});
export type ClientPair = v.InferOutput<typeof ClientPair>;

export const ClientLink = v.object({
  userName: v.string(),
  direct: v.picklist(["none", "opening", "open", "failed"]),
  relay: v.picklist(["none", "opening", "open"]),
  /** Of the open direct link, once the platform has told. */
  pair: v.exactOptional(ClientPair),
});
export type ClientLink = v.InferOutput<typeof ClientLink>;

export const ClientEvent = v.variant("event", [
  v.object({ event: v.literal("connection"), state: v.string() }),
  v.object({
    event: v.literal("roster"),
    userName: v.string(),
    state: v.string(),
    show: v.string(),
  }),
  /** `at`: ms by the process's own clock, which never jumps. */
  v.object({ event: v.literal("message"), message: ChatMessage, at: v.number() }),
  v.object({ event: v.literal("messageChanged"), message: ChatMessage, at: v.number() }),
  v.object({ event: v.literal("link"), link: ClientLink }),
  v.object({ event: v.literal("notice"), kind: v.string(), detail: v.string() }),
]);
export type ClientEvent = v.InferOutput<typeof ClientEvent>;

export const Reply = v.union([
  v.object({ id: v.number(), result: v.unknown() }),
  v.object({ id: v.number(), error: v.object({ reason: v.string(), message: v.string() }) }),
]);
