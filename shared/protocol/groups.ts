import * as v from "valibot";
import { ConversationId, DeviceId } from "./ids.ts";
import * as limits from "./limits.ts";
import { Base64 } from "./model.ts";

/** Bytes of MLS (RFC 9420), opaque to the server. */
function mlsBytes(maxBytes: number) {
  return v.pipe(Base64, v.minLength(4), v.maxLength(Math.ceil(maxBytes / 3) * 4));
}

/** An MLSMessage with a KeyPackage (RFC 9420 §10). */
export const KeyPackageBytes = mlsBytes(limits.MAX_KEY_PACKAGE_BYTES);
/** An MLSMessage with a commit (§12.4), private or, from a joiner, public. */
export const CommitBytes = mlsBytes(limits.MAX_GROUP_MESSAGE_BYTES);
/** An MLSMessage with a GroupInfo with ratchet tree and external key (§12.4.3). */
export const GroupInfoBytes = mlsBytes(limits.MAX_GROUP_MESSAGE_BYTES);
/** An MLSMessage with a Welcome (§12.4.3.1). */
const WelcomeBytes = mlsBytes(limits.MAX_GROUP_MESSAGE_BYTES);

/** Counts a group's commits, from 0. */
export const Epoch = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A Welcome and the devices that it lets in. */
export const WelcomeFor = v.object({
  devices: v.pipe(v.array(DeviceId), v.minLength(1), v.maxLength(limits.MAX_GROUP_DEVICES)),
  welcome: WelcomeBytes,
});
export type WelcomeFor = v.InferOutput<typeof WelcomeFor>;

/** The commit that ended `epoch`: members in it apply it and are in `epoch + 1`. */
export const GroupCommit = v.object({ epoch: Epoch, commit: CommitBytes });
export type GroupCommit = v.InferOutput<typeof GroupCommit>;

/** What the delivery service knows of a conversation's group, for one of its devices. */
export const GroupView = v.object({
  /** The group's epoch at the server. */
  epoch: Epoch,
  /** Of `epoch`. Absent where `have` was that epoch. */
  groupInfo: v.exactOptional(GroupInfoBytes),
  /**
   * The commits from `have` on, in order, without a gap; empty where the server has not all of
   * them: then GroupInfo is the way back. `more`: ask again from the last.
   */
  commits: v.array(GroupCommit),
  more: v.boolean(),
  /**
   * The newest Welcome for this device, with the epoch it leads into. Absent where `have` was the
   * group's epoch.
   */
  welcome: v.exactOptional(v.object({ epoch: Epoch, welcome: WelcomeBytes })),
});
export type GroupView = v.InferOutput<typeof GroupView>;

export const GroupSummary = v.object({ conversationId: ConversationId, epoch: Epoch });
