import type {
  ConversationId,
  DeviceId,
  EnvelopeHeader,
  MessageId,
  UserId,
} from "../../protocol/index.ts";
import type { LinkPeer } from "../link.ts";
import type { StoreWrite } from "../store.ts";

/**
 * What delivery needs of a conversation's MLS group. Everything about epochs, commits, key packages
 * and healing is behind it. Calls for one conversation are done one after the other inside.
 */
export interface Sealing {
  /**
   * Seals a message once, for all recipients. Before the bytes leave, the writes of `takeWrites` must
   * be on disk. The recipients must all be in the group; devices in the group that are no longer in
   * their account's list must have been removed. Where that needs the server first: `not-ready`.
   */
  seal(request: SealRequest): Promise<Sealed>;
  /** Opens; each sealing once. The writes of `takeWrites` belong to the commit that saves the message. */
  open(request: OpenRequest): Promise<Opened>;
  /**
   * That device could not open a message of ours, also after it caught up: the group is looked after
   * (compared with the server's, renewed) before the next `seal`.
   */
  unreadable(conversationId: ConversationId, device: DeviceId, message: MessageId): void;
  /**
   * What was changed in memory and belongs to the next commit. The journal asks for it when a commit
   * begins (`Journal.join`), whoever wanted that commit. Each write is handed out once.
   */
  takeWrites(): readonly StoreWrite[];
  /** A commit failed: forget what is in memory and go back to what is in the store. */
  rollBack(): void;
}

export interface SealRequest {
  readonly conversationId: ConversationId;
  /** The other person of a conversation of two; absent in a group, whose members are known by its id. */
  readonly peer?: UserId | undefined;
  /** Devices that must be able to open it; this one is not among them. */
  readonly recipients: readonly LinkPeer[];
  readonly id: MessageId;
  readonly sequence: number;
  readonly plaintext: Uint8Array;
}

export type Sealed =
  /** `bytes` is the MLSMessage alone; the byte in front that tells its kind is the caller's. */
  | { readonly kind: "sealed"; readonly bytes: Uint8Array }
  /**
   * `ready` never rejects. It resolves when it is worth trying again: true means now (pauses between
   * failed tries are already in it), false that the server was not reached: when it is back.
   */
  | { readonly kind: "not-ready"; readonly ready: Promise<boolean> };

export interface OpenRequest {
  /** `id`, `conversationId`, `from` and `sequence` are authenticated; `after` and `to` are not. */
  readonly header: EnvelopeHeader;
  readonly from: LinkPeer;
  /** The other person of a conversation of two; absent in a group. */
  readonly peer?: UserId | undefined;
  /** The MLSMessage alone, without the byte that tells its kind. */
  readonly sealed: Uint8Array;
}

export type Opened =
  | { readonly kind: "opened"; readonly plaintext: Uint8Array }
  /** The group must catch up first; `ready` as for `seal`. */
  | { readonly kind: "behind"; readonly ready: Promise<boolean> }
  /** It cannot be opened here, now or later: its sender must seal it anew. */
  | { readonly kind: "unreadable"; readonly error: Error };
