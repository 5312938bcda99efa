/** What the page is told of the administrator's policy file. */
import * as v from "valibot";

/** What an administrator can switch off. */
export const POLICY_FEATURES = [
  "files",
  "voice",
  "linkPreviews",
  "updates",
  "export",
  "backup",
] as const;
export type PolicyFeature = (typeof POLICY_FEATURES)[number];

export const PolicyInfo = v.object({
  /** Where the file is. */
  file: v.string(),
  /**
   * Why the file says nothing that can be relied on. All features are off then, what it might fix
   * cannot be changed, and nobody signs in anew.
   */
  problem: v.exactOptional(v.string()),
  /** Keys that this version does not know, e.g. `features.fax`. */
  ignored: v.array(v.string()),
  /** The only server that people sign in at. */
  server: v.exactOptional(v.string()),
  off: v.array(v.picklist(POLICY_FEATURES)),
  /** What cannot be changed in the settings. */
  fixed: v.array(v.picklist(["proxy", "autoStart"])),
  /** Whether the app opens when the person signs in to the machine. */
  autoStart: v.exactOptional(v.boolean()),
});
export type PolicyInfo = v.InferOutput<typeof PolicyInfo>;
