import type { ClientState, KeyPackage } from "ts-mls";
import { knownSuite } from "./wire.ts";
import { checkKeyPackage } from "./key-packages.ts";
import { MlsError, type MlsSuite } from "./mls-types.ts";

/**
 * Looks at everybody whom a commit adds, one after the other, before the library does: it looks at
 * them all at once, and where two are unsound the rejection of one is handled by nobody, which ends a
 * process. So whatever the library would find (RFC 9420 §12.4.2) must be found here.
 * @param now seconds since the epoch where the commit is our own: what is added must be in its time
 * @throws MlsError malformed, invalid, not-admitted
 */
export async function checkAdded(
  added: readonly KeyPackage[],
  state: ClientState,
  suite: MlsSuite,
  now?: number,
): Promise<void> {
  if (added.length === 0) return;
  for (const node of state.ratchetTree) {
    if (node?.nodeType === "leaf") expectBasic(node.leaf);
  }
  for (const keyPackage of added) {
    const { leafNode, version } = keyPackage;
    if (version !== "mls10" || knownSuite(keyPackage.cipherSuite) !== suite) {
      throw new MlsError("malformed", "of another suite");
    }
    await checkKeyPackage(keyPackage);
    expectBasic(leafNode);
    if (leafNode.extensions.length > 0) invalid("a leaf with extensions");
    const { notBefore, notAfter } = leafNode.lifetime;
    if (now !== undefined && (notBefore > now || notAfter < now)) invalid("out of its time");
    const { credential, signaturePublicKey } = leafNode;
    const { authService } = state.clientConfig;
    if (!(await authService.validateCredential(credential, signaturePublicKey))) {
      throw new MlsError("not-admitted", "a device is not admitted");
    }
  }
}

function expectBasic({ capabilities }: { capabilities: { credentials: readonly string[] } }): void {
  if (!capabilities.credentials.includes("basic"))
    invalid("a member that knows no basic credential");
}

function invalid(message: string): never {
  throw new MlsError("invalid", message);
}
