import type { Credential } from "../../shared/protocol/index.ts";

/** How accounts prove themselves. What it keeps of a credential is opaque to everything else. */
export interface CredentialVerifier {
  /** What to store for a new credential. @throws ProtocolError unavailable (too many at once) */
  enrol(credential: Credential): Promise<string>;
  /**
   * Is this the credential of which `stored` was kept? With undefined (no such account) it takes as
   * long, and is false. @throws ProtocolError unavailable (too many at once)
   */
  verify(credential: Credential, stored: string | undefined): Promise<boolean>;
}
