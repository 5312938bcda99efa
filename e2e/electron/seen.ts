import * as v from "valibot";

const Items = v.array(
  v.object({
    /** Labels from the menu's top down, with `/` between. */
    path: v.string(),
    checked: v.boolean(),
    enabled: v.boolean(),
    accelerator: v.nullable(v.string()),
    role: v.nullable(v.string()),
  }),
);

/** What somebody at the machine sees of the shell beside its pages. */
export const Seen = v.object({
  version: v.string(),
  windows: v.array(
    v.object({
      x: v.number(),
      y: v.number(),
      width: v.number(),
      height: v.number(),
      isVisible: v.boolean(),
      isFocused: v.boolean(),
      isMinimized: v.boolean(),
    }),
  ),
  trays: v.array(v.object({ toolTip: v.string(), items: Items })),
  notifications: v.array(
    v.object({
      title: v.string(),
      body: v.string(),
      hasReply: v.boolean(),
      actions: v.array(v.string()),
    }),
  ),
  /** The application's menu. */
  menu: Items,
  /** The menu beside the pointer. */
  popup: Items,
  /** Addresses that were opened in other programs. */
  opened: v.array(v.string()),
  badge: v.number(),
  /** What the system was asked to do with keys. */
  keys: v.array(v.picklist(["open", "seal"])),
  /** Files that were saved: the name that the dialog would have proposed, and where it lies. */
  saved: v.array(v.object({ proposed: v.string(), path: v.string() })),
});
export type Seen = v.InferOutput<typeof Seen>;
