import { decodeDeviceStatement } from "../../shared/crypto/index.ts";
import {
  closeCodes,
  ProtocolError,
  type Params,
  type Result,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Member } from "../connection/member.ts";
import { BetweenHalves } from "../sign-in/between-halves.ts";
import type { OpaqueServer } from "../sign-in/opaque-server.ts";
import type { PasswordCheck, StartedLogin } from "../sign-in/password-check.ts";
import type { Account, Store } from "../store/store.ts";
import { bytesOf } from "./base64.ts";
import type { DeviceListService } from "./device-list-service.ts";
import type { DeviceLists } from "./device-lists.ts";

export interface PasswordServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly lists: DeviceLists;
  readonly deviceLists: DeviceListService;
  readonly opaque: OpaqueServer;
  readonly passwords: PasswordCheck;
  readonly clock: Clock;
}

/** Replaces a password: login with the present one and registration of the next, in one. */
export class PasswordService {
  readonly #options: PasswordServiceOptions;
  readonly #halves: BetweenHalves<StartedLogin>;

  constructor(options: PasswordServiceOptions) {
    this.#options = options;
    this.#halves = new BetweenHalves(options.clock);
  }

  /** @throws ProtocolError rate-limited, invalid-params */
  async start(
    { connection, userId }: Member,
    { request, nextRequest }: Params<"account.passwordStart">,
  ): Promise<Result<"account.passwordStart">> {
    const { opaque, passwords } = this.#options;
    const { userName, credential } = await this.#account(userId);
    const { address } = connection.address;
    const nextResponse = await opaque.registrationResponse(userName, nextRequest);
    const { response, login } = await passwords.start({ userName, address, credential, request });
    this.#halves.keep(connection, login);
    return { response, nextResponse };
  }

  /**
   * Ends all other sessions; password and device list change together.
   * @throws ProtocolError wrong-credential, device-list-conflict, invalid-request (no first half)
   */
  async finish(
    member: Member,
    { finish, record, statement }: Params<"account.passwordFinish">,
  ): Promise<{}> {
    const { store, bus, lists, deviceLists, opaque, passwords } = this.#options;
    const { connection, userId, deviceId } = member;
    const login = this.#halves.take(connection);
    if (login === undefined) {
      throw new ProtocolError("invalid-request", "There was no first half, or it is too old.");
    }
    await passwords.finish(login, finish, async () => (await this.#account(userId)).credential);
    const type = decodeDeviceStatement(bytesOf(statement))?.type;
    if (type === undefined || type === "add" || type === "remove") {
      throw new ProtocolError("invalid-params", "The statement names no password's key.");
    }
    if (!(await opaque.isRecord(record))) {
      throw new ProtocolError("invalid-params", "That is no registration record of OPAQUE.");
    }
    const extension = await lists.extend(userId, [statement]);
    await store.accounts.changeCredential({ userId, credential: record, deviceId, extension });
    bus.endUser(userId, closeCodes.sessionEnded, deviceId);
    await deviceLists.grew(userId, extension.after + 1, member);
    return {};
  }

  async #account(userId: Account["userId"]): Promise<Account> {
    const account = await this.#options.store.accounts.byId(userId);
    if (account === undefined) throw new ProtocolError("session-ended", "The account is gone.");
    return account;
  }
}
