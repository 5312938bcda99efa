import { randomBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { defaultCryptoProvider, getCiphersuiteFromName, getCiphersuiteImpl } from "ts-mls";
import { expect, test } from "vitest";
import { makeCipherSuites, SUITE_NAMES } from "./cipher-suites.ts";

/**
 * The hybrid suite is in no published vector: ours is checked against the library's own primitives,
 * which are other people's code (`@hpke/core`, `@hpke/hybridkem-x-wing`, WebCrypto).
 */
const suites = ["classic", "hybrid"] as const;
const hosts = [
  ["native", crypto.subtle],
  ["portable", undefined],
] as const;
const info = randomBytes(40);
const additional = randomBytes(7);
const plaintext = randomBytes(100);

for (const suite of suites) {
  const reference = getCiphersuiteImpl(
    getCiphersuiteFromName(SUITE_NAMES[suite]),
    defaultCryptoProvider,
  );
  for (const [host, subtle] of hosts) {
    test(`${suite}, ${host}: HPKE, both ways, as the reference`, async () => {
      const [ours, theirs] = [(await makeCipherSuites(subtle))[suite], await reference];
      const secret = randomBytes(32);
      for (const [sender, receiver] of [
        [ours, theirs],
        [theirs, ours],
      ] as const) {
        const own = await receiver.hpke.deriveKeyPair(secret);
        const publicBytes = await receiver.hpke.exportPublicKey(own.publicKey);
        const other = await sender.hpke.deriveKeyPair(secret);
        expect(await sender.hpke.exportPublicKey(other.publicKey)).toEqual(publicBytes);
        expect(await sender.hpke.exportPrivateKey(other.privateKey)).toEqual(
          await receiver.hpke.exportPrivateKey(own.privateKey),
        );

        const publicKey = await sender.hpke.importPublicKey(publicBytes);
        const sealed = await sender.hpke.seal(publicKey, plaintext, info, additional);
        const privateBytes = await receiver.hpke.exportPrivateKey(own.privateKey);
        const privateKey = await receiver.hpke.importPrivateKey(privateBytes);
        expect(
          await receiver.hpke.open(privateKey, sealed.enc, sealed.ct, info, additional),
        ).toEqual(plaintext);

        const exported = await sender.hpke.exportSecret(publicKey, info, 64, additional);
        expect(
          await receiver.hpke.importSecret(privateKey, info, exported.enc, 64, additional),
        ).toEqual(exported.secret);
      }
    });

    test(`${suite}, ${host}: hashes, key derivation, AEAD and signatures as the reference`, async () => {
      const [ours, theirs] = [(await makeCipherSuites(subtle))[suite], await reference];
      const signing = await ours.signature.keygen();
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ minLength: 1, maxLength: 2000 }),
          fc.uint8Array({ minLength: 32, maxLength: 32 }),
          async (data, secret) => {
            expect(await ours.hash.digest(data)).toEqual(await theirs.hash.digest(data));
            const mac = await ours.hash.mac(secret, data);
            expect(mac).toEqual(await theirs.hash.mac(secret, data));
            expect(await ours.hash.verifyMac(secret, mac, data)).toBe(true);
            expect(await ours.hash.verifyMac(secret, mac.fill(0), data)).toBe(false);
            const salt = await ours.hash.digest(secret);
            const prk = await ours.kdf.extract(salt, data);
            expect(prk).toEqual(await theirs.kdf.extract(salt, data));
            expect(await ours.kdf.expand(prk, data, 77)).toEqual(
              await theirs.kdf.expand(prk, data, 77),
            );
            const { keyLength, nonceLength } = ours.hpke;
            expect({ keyLength, nonceLength }).toEqual({
              keyLength: theirs.hpke.keyLength,
              nonceLength: theirs.hpke.nonceLength,
            });
            const key = prk.slice(0, keyLength);
            const nonce = secret.slice(0, nonceLength);
            const sealed = await ours.hpke.encryptAead(key, nonce, additional, data);
            expect(sealed).toEqual(await theirs.hpke.encryptAead(key, nonce, additional, data));
            expect(await ours.hpke.decryptAead(key, nonce, additional, sealed)).toEqual(data);
            await expect(ours.hpke.decryptAead(key, nonce, secret, sealed)).rejects.toThrow(Error);
            const signature = await ours.signature.sign(signing.signKey, data);
            expect(await ours.signature.verify(signing.publicKey, data, signature)).toBe(true);
            expect(await theirs.signature.verify(signing.publicKey, data, signature)).toBe(true);
            expect(await ours.signature.verify(secret, data, signature)).toBe(false);
            expect(await ours.signature.verify(data, data, data)).toBe(false);
          },
        ),
        { numRuns: 10 },
      );
    });

    test(`${suite}, ${host}: keys and encapsulations of other lengths are refused`, async () => {
      const { hpke } = (await makeCipherSuites(subtle))[suite];
      const own = await hpke.generateKeyPair();
      for (const bytes of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(1217)]) {
        await expect(hpke.importPublicKey(bytes)).rejects.toThrow(RangeError);
        await expect(hpke.importPrivateKey(bytes)).rejects.toThrow(RangeError);
        await expect(hpke.open(own.privateKey, bytes, plaintext, info)).rejects.toThrow(Error);
      }
      const zeros = new Uint8Array((await hpke.exportPublicKey(own.publicKey)).length);
      const lowOrder = await hpke.importPublicKey(zeros);
      await expect(hpke.seal(lowOrder, plaintext, info)).rejects.toThrow(Error);
    });
  }
}
