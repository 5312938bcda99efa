import { ProtocolError, type DeviceHello, type UserId } from "../../protocol/index.ts";
import {
  decodeBase64,
  deviceProofMessage,
  encodeBase64,
  sign,
  type IdentityKeys,
} from "../../crypto/index.ts";
import type { Host, Ports } from "../ports.ts";
import { genesisFor } from "../trust/own-list.ts";
import type { TrustBook } from "../trust/trust-book.ts";
import type { Connection } from "./connection.ts";
import { opaquePasswords } from "./opaque-passwords.ts";
import {
  byPassword,
  byRegistration,
  checkPassword,
  wrongPassword,
  type SigningIn,
} from "./sign-in.ts";

/** Tries of a password's change when another device continues the device list at the same time. */
const CHANGE_TRIES = 3;

export interface AccountSignInOptions {
  readonly identity: IdentityKeys;
  readonly host: Host;
  readonly ports: Ports;
  readonly connection: Connection;
  readonly trust: TrustBook;
  readonly userName: string;
  readonly onPasswordKeys: (keys: IdentityKeys) => void;
}

/** What an account does with its password and its device's key (SPEC A). */
export class AccountSignIn {
  readonly #options: AccountSignInOptions;

  constructor(options: AccountSignInOptions) {
    this.#options = options;
  }

  /** @throws ProtocolError, ChatKitError */
  async register(account: {
    password: string;
    displayName?: string;
    invite?: string;
  }): Promise<void> {
    const { identity, ports, connection } = this.#options;
    const genesis = (userId: UserId, passwordKeys: IdentityKeys): Uint8Array =>
      genesisFor(userId, identity, passwordKeys, ports.clock.now());
    await connection.open(byRegistration({ ...this.#signingIn(account), ...account, genesis }));
  }

  /** @throws ProtocolError, ChatKitError */
  async signIn(account: { password: string }): Promise<void> {
    await this.#options.connection.open(byPassword(this.#signingIn(account)));
  }

  /** Both the password and the device list, which names its key. @throws ProtocolError, ChatKitError */
  async changePassword(userId: UserId, current: string, next: string): Promise<void> {
    checkPassword(next);
    for (let tries = 1; ; tries++) {
      try {
        await this.#changePassword(current, next);
        await this.#options.trust.refresh(userId);
        return;
      } catch (error) {
        if (tries >= CHANGE_TRIES || !isConflict(error)) throw error;
        await this.#options.trust.refresh(userId);
      }
    }
  }

  /** What this device tells of itself when it signs in. @param challenge base64 */
  hello(challenge: string): DeviceHello {
    const { host, identity, ports } = this.#options;
    return {
      name: host.deviceName,
      publicKey: encodeBase64(identity.publicKey),
      proof: encodeBase64(sign(identity, deviceProofMessage(decodeBase64(challenge)))),
      client: host.client,
      local: [...ports.localAddresses()],
    };
  }

  async #changePassword(current: string, next: string): Promise<void> {
    const { connection, ports, trust } = this.#options;
    const { passwords = opaquePasswords() } = ports;
    const login = await passwords.startLogin(current);
    const registration = await passwords.startRegistration(next);
    const { response, nextResponse } = await connection.request("account.passwordStart", {
      request: login.request,
      nextRequest: registration.request,
    });
    const known = await passwords.finishLogin(current, login, response);
    if (known === undefined) throw wrongPassword();
    known.passwordKeys.secretKey.fill(0);
    const { record, passwordKeys } = await passwords.finishRegistration(
      next,
      registration,
      nextResponse,
    );
    const statement = trust.passwordStatement(known.passwordKeys.publicKey, passwordKeys);
    passwordKeys.secretKey.fill(0);
    await connection.request("account.passwordFinish", {
      finish: known.finish,
      record,
      statement: encodeBase64(statement),
    });
  }

  #signingIn({ password }: { password: string }): SigningIn {
    const { ports, userName, onPasswordKeys } = this.#options;
    const { passwords = opaquePasswords() } = ports;
    return {
      userName,
      password,
      passwords,
      onPasswordKeys,
      hello: (challenge) => this.hello(challenge),
    };
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ProtocolError && error.errorName === "device-list-conflict";
}
