import { canonicalUserName, ProtocolError } from "../../shared/protocol/index.ts";
import { recordOf, type OpaqueServer } from "./opaque-server.ts";
import type { Attempt, SignInThrottle } from "./sign-in-throttle.ts";

/** A login between its halves. Holds a secret. */
export interface StartedLogin {
  /** What the account had when it began; undefined for no account. */
  readonly credential: string | undefined;
  readonly state: string;
  readonly attempt: Attempt;
}

/** Checks passwords in two halves, slowly for those who guess. */
export class PasswordCheck {
  readonly #opaque: OpaqueServer;
  readonly #throttle: SignInThrottle;

  constructor(opaque: OpaqueServer, throttle: SignInThrottle) {
    this.#opaque = opaque;
    this.#throttle = throttle;
  }

  /**
   * From here on the attempt counts as a wrong one until it was proved right: whoever guesses knows
   * the outcome before the second half.
   * @param from `credential` is undefined for no account: nothing is different then
   * @throws ProtocolError rate-limited, invalid-params
   */
  async start(from: {
    readonly userName: string;
    readonly address: string;
    readonly credential: string | undefined;
    readonly request: string;
  }): Promise<{ response: string; login: StartedLogin }> {
    const { userName, address, credential, request } = from;
    const attempt = this.#throttle.begin(canonicalUserName(userName), address);
    const record = recordOf(credential);
    const { response, state } = await this.#opaque.startLogin(userName, record, request);
    return { response, login: { credential, state, attempt } };
  }

  /**
   * @param now the account's credential at this time: it may have been changed between the halves
   * @throws ProtocolError wrong-credential
   */
  async finish(
    login: StartedLogin,
    finish: string,
    now: () => Promise<string | undefined>,
  ): Promise<void> {
    const { credential, state, attempt } = login;
    if (!this.#opaque.finishLogin(state, finish) || (await now()) !== credential) {
      throw new ProtocolError("wrong-credential", "User name or password is wrong.");
    }
    attempt.right();
  }
}
