import type { CiphersuiteImpl, ClientState, GroupInfo, PrivateKeyPackage, Welcome } from "ts-mls";
import type { GroupSecrets } from "ts-mls/groupSecrets.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { cipherSuites, type CipherSuite } from "./cipher-suites.ts";
import { Admission } from "./client-config.ts";
import { enterByWelcome, enterFromOutside } from "./entering.ts";
import { readGroupInfo } from "./group-infos.ts";
import { decodeKeyPackage, newKeyPackage, privateKeysOf } from "./key-packages.ts";
import {
  MlsError,
  type GroupPolicy,
  type MlsIdentity,
  type MlsSuite,
  type OwnKeyPackage,
} from "./mls-types.ts";
import { sameBytes } from "../bytes.ts";
import { decodeGroupInfoMessage, decodeWelcomeMessage, encodeMessage } from "./wire.ts";

/** Who this device is in its groups, and who may be in them with it. */
export interface MlsMembership {
  readonly identity: MlsIdentity;
  readonly policy: GroupPolicy;
}

/** This device's own leaf in a group is in time for ever: its account's list says whether it is. */
export const FOR_EVER = { lastResort: false, notBefore: 0, notAfter: Number.MAX_SAFE_INTEGER };

export interface JoinedState {
  readonly suite: MlsSuite;
  readonly cs: CipherSuite;
  readonly state: ClientState;
}

/** @throws MlsError */
export async function stateByWelcome(
  options: MlsMembership & { readonly welcome: Uint8Array; readonly keyPackage: OwnKeyPackage },
): Promise<JoinedState> {
  const { identity, policy } = options;
  const { welcome, suite } = decodeWelcomeMessage(options.welcome);
  const { keyPackage } = await decodeKeyPackage(options.keyPackage.keyPackage);
  const privateKeys = privateKeysOf(identity, options.keyPackage);
  const cs = (await cipherSuites())[suite];
  const reference = await makeKeyPackageRef(keyPackage, cs.hash);
  if (!welcome.secrets.some(({ newMember }) => sameBytes(newMember, reference))) {
    throw new MlsError("not-for-us", "a Welcome for other key packages");
  }
  const admission = new Admission(identity, policy);
  const state = await admission.run(async () => {
    const { groupInfo, secrets } = await openWelcome(welcome, reference, privateKeys, cs);
    const { maxMembers } = policy;
    const entrant = { keyPackage, privateKeys, cs, config: admission.config, maxMembers };
    return await enterByWelcome(entrant, groupInfo, secrets);
  });
  return { suite, cs, state };
}

/** @throws MlsError */
export async function stateFromOutside(
  options: MlsMembership & { readonly groupInfo: Uint8Array },
): Promise<JoinedState & { readonly commit: Uint8Array }> {
  const { identity, policy } = options;
  const { groupInfo, suite } = decodeGroupInfoMessage(options.groupInfo);
  const claims = await readGroupInfo(options.groupInfo);
  if (claims === undefined) throw new MlsError("invalid", "no sound GroupInfo");
  const former = claims.members.find(({ publicKey }) =>
    sameBytes(publicKey, identity.keys.publicKey),
  );
  const cs = (await cipherSuites())[suite];
  const own = await newKeyPackage(identity, suite, FOR_EVER);
  const admission = new Admission(identity, policy);
  const { state, commit: publicMessage } = await admission.run(async () =>
    enterFromOutside(
      { ...own, cs, config: admission.config, maxMembers: policy.maxMembers },
      groupInfo,
      former?.leaf,
    ),
  );
  const commit = encodeMessage({
    version: "mls10",
    wireformat: "mls_public_message",
    publicMessage,
  });
  return { suite, cs, state, commit };
}

/** @throws MlsError invalid; what the library throws */
export async function openWelcome(
  welcome: Welcome,
  reference: Uint8Array,
  { initPrivateKey }: PrivateKeyPackage,
  cs: CiphersuiteImpl,
): Promise<{ groupInfo: GroupInfo; secrets: GroupSecrets }> {
  const key = await cs.hpke.importPrivateKey(initPrivateKey);
  const secrets = await decryptGroupSecrets(key, reference, welcome, cs.hpke);
  if (secrets === undefined || secrets.psks.length > 0) {
    throw new MlsError("invalid", "a Welcome as none of ours is");
  }
  const noPsk = new Uint8Array(cs.kdf.size);
  const groupInfo = await decryptGroupInfo(welcome, secrets.joinerSecret, noPsk, cs);
  if (groupInfo === undefined) throw new MlsError("invalid", "no GroupInfo in the Welcome");
  return { groupInfo, secrets };
}
