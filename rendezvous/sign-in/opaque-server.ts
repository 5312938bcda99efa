import { client, ready, server } from "@serenity-kit/opaque";
import { canonicalUserName, ProtocolError } from "../../shared/protocol/index.ts";
import type { SecretStore } from "../store/store.ts";

const SETUP = "opaque-setup";

/** A registration record (RFC 9807 §5.1.1): public key, masking key, envelope; 192 bytes. */
const RECORD = /^[A-Za-z0-9_-]{256}$/;

/**
 * The server's half of OPAQUE (RFC 9807): it checks passwords that it never sees. Its own keys are
 * made at first use and kept; with them gone, every password would have to be set anew.
 */
export class OpaqueServer {
  readonly #secrets: SecretStore;
  #setup: Promise<string> | undefined;
  /** Any request will do to try records with. */
  #probe: string | undefined;

  constructor(secrets: SecretStore) {
    this.#secrets = secrets;
  }

  /** The answer to the first half of a registration. @throws ProtocolError invalid-params */
  async registrationResponse(userName: string, request: string): Promise<string> {
    const serverSetup = await this.#keys();
    try {
      return server.createRegistrationResponse({
        serverSetup,
        userIdentifier: canonicalUserName(userName),
        registrationRequest: request,
      }).registrationResponse;
    } catch (cause) {
      throw malformed(cause);
    }
  }

  /**
   * The answer to the first half of a login, and what the second half needs. Without a record (no
   * such account, or one whose password must be set anew) the answer looks the same, takes the same
   * work, and no second half fits. @throws ProtocolError invalid-params
   */
  async startLogin(
    userName: string,
    record: string | undefined,
    request: string,
  ): Promise<{ response: string; state: string }> {
    const serverSetup = await this.#keys();
    try {
      const { loginResponse, serverLoginState } = server.startLogin({
        serverSetup,
        userIdentifier: canonicalUserName(userName),
        registrationRecord: record ?? null,
        startLoginRequest: request,
      });
      return { response: loginResponse, state: serverLoginState };
    } catch (cause) {
      throw malformed(cause);
    }
  }

  /** Whether the client knew the password. */
  finishLogin(state: string, finish: string): boolean {
    try {
      server.finishLogin({ serverLoginState: state, finishLoginRequest: finish });
      return true;
    } catch {
      // The library tells a wrong answer, of whatever form, by throwing.
      return false;
    }
  }

  /** Whether a client's record can be used to log in: one that cannot must not be kept. */
  async isRecord(record: string): Promise<boolean> {
    if (!RECORD.test(record)) return false;
    const serverSetup = await this.#keys();
    this.#probe ??= client.startLogin({ password: "" }).startLoginRequest;
    try {
      server.startLogin({
        serverSetup,
        userIdentifier: "",
        registrationRecord: record,
        startLoginRequest: this.#probe,
      });
      return true;
    } catch {
      // The request is the server's own: it is the record that the library does not take.
      return false;
    }
  }

  async #keys(): Promise<string> {
    this.#setup ??= this.#load();
    try {
      return await this.#setup;
    } catch (error) {
      // The next one asks the store again.
      this.#setup = undefined;
      throw error;
    }
  }

  async #load(): Promise<string> {
    await ready;
    return await this.#secrets.get(SETUP, () => server.createSetup());
  }
}

/** What an account's credential is to OPAQUE; undefined for one that an older server hashed. */
export function recordOf(credential: string | undefined): string | undefined {
  return credential !== undefined && RECORD.test(credential) ? credential : undefined;
}

function malformed(cause: unknown): ProtocolError {
  return new ProtocolError("invalid-params", "That is no message of OPAQUE.", { cause });
}
