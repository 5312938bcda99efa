import { canonicalUserName, ProtocolError, type Credential } from "../../shared/protocol/index.ts";
import type { CredentialVerifier } from "./credential-verifier.ts";
import type { SignInThrottle } from "./sign-in-throttle.ts";

/** Checks credentials, slowly for those who guess. */
export class CredentialGuard {
  readonly #verifier: CredentialVerifier;
  readonly #throttle: SignInThrottle;

  constructor(verifier: CredentialVerifier, throttle: SignInThrottle) {
    this.#verifier = verifier;
    this.#throttle = throttle;
  }

  enrol(credential: Credential): Promise<string> {
    return this.#verifier.enrol(credential);
  }

  /** @throws ProtocolError wrong-credential, rate-limited, unavailable */
  async check(attempt: {
    userName: string;
    address: string;
    credential: Credential;
    /** Undefined where there is no such account: it takes as long. */
    stored: string | undefined;
  }): Promise<void> {
    const { address, credential, stored } = attempt;
    const account = canonicalUserName(attempt.userName);
    this.#throttle.begin(account, address);
    let verdict: "right" | "wrong" | "unknown" = "unknown";
    try {
      verdict = (await this.#verifier.verify(credential, stored)) ? "right" : "wrong";
    } finally {
      this.#throttle.ended(account, address, verdict);
    }
    if (verdict === "wrong") {
      throw new ProtocolError("wrong-credential", "User name or password is wrong.");
    }
  }
}
