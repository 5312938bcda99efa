import type { DeviceId, UserId } from "../../protocol/index.ts";
import { memberKey, sameBytes } from "../../crypto/index.ts";
import type { MemberDirectory } from "../sealing/member-directory.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import { userIdOf } from "./group-news.ts";
import type { FormerDevices } from "./former-devices.ts";
import type { ReadLog, ReadStatement } from "./log-reading.ts";

export interface SignerCheckOptions {
  readonly directory: MemberDirectory;
  /** Whose device that is or was, by a verified list. */
  readonly device: (deviceId: DeviceId) => { readonly userId: UserId } | undefined;
  readonly former: FormerDevices;
}

/** Whether those who signed a group's log are devices of the members whose statements these are (SPEC G4). */
export class SignerCheck {
  readonly #options: SignerCheckOptions;

  constructor(options: SignerCheckOptions) {
    this.#options = options;
  }

  /**
   * Reads device lists on where a signer is in none. Of accounts that are gone for good the server may
   * have no list: what they said counts, for the others have gone on from there, and every message of
   * theirs names the log by its hash. A device that has left its account's list may have signed before.
   * @param left devices that had left their lists when the log was last read to its end
   * @returns how many of them, from the first on, are believed; `isSure` where the rest is not for want
   * of a list that could not be read now
   */
  async check(
    { membership, statements: read }: ReadLog,
    left: number,
  ): Promise<{ readonly believed: number; readonly isSure: boolean }> {
    const { members } = membership;
    const doubtful = read.filter((one) => !this.#isKnown(one, left));
    if (doubtful.length === 0) return { believed: read.length, isSure: true };
    const actors = new Set(doubtful.map(({ statement }) => userIdOf(statement.actor)));
    const { directory } = this.#options;
    const asked = await Promise.all(
      Array.from(actors, async (actor) => [actor, await directory.refresh(actor)] as const),
    );
    const upToDate = new Map(asked);
    for (const [index, one] of read.entries()) {
      if (this.#isKnown(one, left)) continue;
      const { actor } = one.statement;
      const hasList = directory.devices(userIdOf(actor)).length > 0;
      if (!hasList && !members.has(memberKey(actor))) continue;
      return { believed: index, isSure: upToDate.get(userIdOf(actor)) ?? false };
    }
    return { believed: read.length, isSure: true };
  }

  #isKnown({ statement }: ReadStatement, left: number): boolean {
    const { actor, signer } = statement;
    const userId = userIdOf(actor);
    const { device, directory, former } = this.#options;
    if (directory.devices(userId).some(({ publicKey }) => sameBytes(publicKey, signer)))
      return true;
    const deviceId = deviceIdOfKey(signer);
    return device(deviceId)?.userId === userId && !former.hadLeft(deviceId, left);
  }
}
