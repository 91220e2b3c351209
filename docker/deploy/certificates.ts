// @peculiar/x509 needs this import before its own.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
const authorityDays = 3650;
const partDays = 397;

/** Generates a private key (EC P-256) as PEM (PKCS #8). */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Makes the certificate (PEM) of a deployment's authority, valid for ten years. It can sign no further authority. */
export async function certifyAuthority(key: string, deployment: string, now: Date): Promise<string> {
  const keys = await importPair(key);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...times(now, authorityDays),
    name: [{ CN: [`JCU hub ${deployment}`] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pemOf(certificate);
}

/** Makes the certificate (PEM) of a part for its host names, valid for 397 days. */
export async function certifyPart(
  part: { readonly key: string; readonly names: readonly string[] },
  authority: { readonly key: string; readonly certificate: string },
  now: Date,
): Promise<string> {
  const issuer = new X509Certificate(authority.certificate);
  const { publicKey } = await importPair(part.key);
  const certificate = await X509CertificateGenerator.create({
    ...times(now, partDays),
    subject: [{ CN: [part.names[0] ?? ''] }],
    issuer: issuer.subjectName,
    publicKey,
    signingKey: (await importPair(authority.key)).privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      await AuthorityKeyIdentifierExtension.create(issuer),
      await SubjectKeyIdentifierExtension.create(publicKey),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      // A replica set's node is also its own client.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(
        part.names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
  return pemOf(certificate);
}

/** The clocks of two machines differ, so a certificate is valid from an hour before it was made. */
function times(now: Date, days: number) {
  return {
    // The first byte is 01, so that the number is positive.
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now.getTime() - 3_600_000),
    notAfter: new Date(now.getTime() + days * day),
  };
}

async function importPair(pem: string): Promise<CryptoKeyPair> {
  const key = createPrivateKey(pem);
  const { subtle } = webcrypto;
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, true, ['sign']),
    subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), algorithm, true, [
      'verify',
    ]),
  ]);
  return { privateKey, publicKey };
}

function pemOf(certificate: X509Certificate): string {
  return `${PemConverter.encode(certificate.rawData, 'CERTIFICATE')}\n`;
}

type CryptoKeyPair = { readonly privateKey: webcrypto.CryptoKey; readonly publicKey: webcrypto.CryptoKey };
