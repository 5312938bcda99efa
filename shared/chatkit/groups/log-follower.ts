import type { ConversationId } from "../../protocol/index.ts";
import { sameBytes, statementHash } from "../../crypto/index.ts";
import type { Clock } from "../ports.ts";
import { foreignBytes } from "../sealing/foreign-bytes.ts";
import type { FormerDevices } from "./former-devices.ts";
import type { KnownGroup } from "./known-group.ts";
import { readStatements, withStatements, type ReadLog } from "./log-reading.ts";
import type { LogService, ToldLog } from "./log-service.ts";
import type { SignerCheck } from "./signer-check.ts";

export interface LogFollowerOptions {
  readonly service: LogService;
  readonly signers: SignerCheck;
  readonly former: FormerDevices;
  readonly clock: Clock;
  /** `memberKey` of this account. */
  readonly self: () => string;
  /** The server showed that; it was not believed. */
  readonly distrust: (what: string) => void;
}

/** What came of reading a log on. */
export interface FollowedLog {
  /** The group after what was believed. */
  readonly group: KnownGroup;
  readonly read: ReadLog;
  /** It goes on, by device lists that could not be read now. */
  readonly isUnsure: boolean;
}

/** Reads logs on from where they are known, and believes what members have signed (SPEC G1, G4). */
export class LogFollower {
  readonly #options: LogFollowerOptions;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
  }

  /**
   * @returns undefined where the server has no such group for this account, or nothing of it that
   * continues what is known
   * @throws as `ServerConnection.request`
   */
  async readOn(
    conversationId: ConversationId,
    group: KnownGroup,
  ): Promise<FollowedLog | undefined> {
    const { clock, distrust, former, self, service } = this.#options;
    const { length } = group.membership;
    const left = former.count;
    // The last one known is asked for again: it tells whether it is still the same log.
    const told = await service.read(conversationId, Math.max(0, length - 1));
    const news = told && this.#newsIn(group, told);
    if (told === undefined || news === undefined) return undefined;
    const all = await readStatements(group.membership, news, self(), clock);
    if (all.statements.length < news.length) {
      distrust("statements in a group's log that do not belong there");
    }
    const { isUnsure, read } = await this.#believed(group, news, all);
    const isWhole = length + read.statements.length === told.length;
    const next = withAbout(withStatements(group, read), told);
    return { group: isWhole ? { ...next, left } : next, read, isUnsure };
  }

  /** What comes after that which is known; undefined where the server shows another log, or less. */
  #newsIn({ membership }: KnownGroup, told: ToldLog): readonly string[] | undefined {
    const { distrust } = this.#options;
    if (membership.length === 0) return told.statements;
    if (told.length < membership.length) {
      distrust("an old state of a group's log");
      return undefined;
    }
    const [last, ...news] = told.statements;
    if (last === undefined) return undefined;
    if (!sameBytes(statementHash(foreignBytes(last)), membership.head)) {
      distrust("another log of a group than the one known here");
      return undefined;
    }
    return news;
  }

  async #believed(
    group: KnownGroup,
    news: readonly string[],
    all: ReadLog,
  ): Promise<Pick<FollowedLog, "read" | "isUnsure">> {
    const { clock, distrust, self, signers } = this.#options;
    const { believed, isSure } = await signers.check(all, group.left);
    if (believed === all.statements.length) return { read: all, isUnsure: false };
    if (isSure) distrust("a statement of a group's member by a device that is not theirs");
    const part = news.slice(0, believed);
    const read = await readStatements(group.membership, part, self(), clock);
    return { read, isUnsure: !isSure };
  }
}

/** What the log names, where the server showed just that. */
function withAbout(group: KnownGroup, { about }: ToldLog): KnownGroup {
  const named = group.membership.about;
  if (about === undefined || named === undefined || group.sealedAbout !== undefined) return group;
  const sealedAbout = foreignBytes(about);
  return sameBytes(statementHash(sealedAbout), named) ? { ...group, sealedAbout } : group;
}
