/** Where the program's update is. */
import * as v from "valibot";

/** Semantic version, as the feed says it; told as text only. */
const Version = v.pipe(v.string(), v.maxLength(64));

/**
 * - `off`: nobody is asked: by the administrator, for want of a feed, or since this kind of package
 *   cannot replace itself
 * - `current`: nothing newer when last asked; never asked where `checkedAt` is absent
 * - `ready`: takes effect at the next start; `restart` makes one
 * - `failed`: asked again later. `untrusted`: what came was not what the feed had announced
 */
export const UpdateState = v.variant("type", [
  v.object({
    type: v.literal("off"),
    reason: v.picklist(["administrator", "no-feed", "unsupported"]),
  }),
  v.object({ type: v.literal("current"), checkedAt: v.exactOptional(v.number()) }),
  v.object({ type: v.literal("checking") }),
  v.object({
    type: v.literal("downloading"),
    version: Version,
    /** 0 to 100. */
    percent: v.number(),
  }),
  v.object({ type: v.literal("ready"), version: Version }),
  v.object({
    type: v.literal("failed"),
    reason: v.picklist(["unreachable", "interrupted", "untrusted", "not-installed"]),
  }),
]);
export type UpdateState = v.InferOutput<typeof UpdateState>;
