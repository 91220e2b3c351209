/** The types of indicators. */
export const indicatorTypes = [
  'DOMAIN_NAME',
  'IPV4_ADDR',
  'IPV6_ADDR',
  'URL',
  'EMAIL_ADDR',
  'FILE_MD5',
  'FILE_SHA1',
  'FILE_SHA256',
  'FILE_SHA512',
  'FILE_NAME',
  'MUTEX',
  'WINDOWS_REGISTRY_KEY',
  'X509_CERTIFICATE_SHA1',
  'USER_AGENT',
  'AUTONOMOUS_SYSTEM',
  'OTHER',
] as const;

/** The type of an indicator. */
export type IndicatorType = (typeof indicatorTypes)[number];
