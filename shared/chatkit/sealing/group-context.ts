import type { IdentityKeys, MlsIdentity, MlsSuite } from "../../crypto/index.ts";
import type { UserId } from "../../protocol/index.ts";
import type { Notice } from "../api.ts";
import type { LinkPeer } from "../link.ts";
import type { Clock, Log, Random } from "../ports.ts";
import type { GroupRecords } from "./group-records.ts";
import type { GroupService } from "./group-service.ts";
import type { MemberAccounts } from "./member-accounts.ts";
import type { MemberDirectory } from "./member-directory.ts";
import type { OwnKeyPackages } from "./own-key-packages.ts";

/** What all groups of an account work with. */
export interface GroupContext {
  readonly keys: IdentityKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly service: GroupService;
  readonly directory: MemberDirectory;
  readonly groups: MemberAccounts;
  readonly packages: OwnKeyPackages;
  readonly records: GroupRecords;
  readonly suite: MlsSuite;
  readonly notice: (notice: Notice) => void;
  /** This device. @throws ChatKitError not-open before the first sign-in */
  readonly self: () => LinkPeer & { readonly identity: MlsIdentity };
  /** What was changed before is on the disk when this resolves. @throws StoreError: then it is void */
  readonly commit: () => Promise<void>;
}

/** The account of the other person, or one's own: nobody else's devices belong into the group. */
export function accountsOf(self: UserId, peer: UserId): ReadonlySet<UserId> {
  return new Set([self, peer]);
}
