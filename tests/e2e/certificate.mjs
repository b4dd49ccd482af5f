// Certificates for the tests, made by openssl.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/// A certificate that only itself vouches for, and its key: two PEM files. `name` is such as
/// "DNS:localhost" or "IP:127.0.0.1".
export function certificateFor(name, folder, days = 2) {
  const host = name.slice(name.indexOf(':') + 1);
  const [certificate, key, request] = ['crt', 'key', 'csr'].map((end) => join(folder, `${host}.${end}`));
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl(
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-subj', `/CN=${host}`, '-addext', `subjectAltName=${name}`],
    ...['-keyout', key, '-out', request],
  );
  openssl(
    ...['x509', '-req', '-in', request, '-signkey', key, '-copy_extensions', 'copy'],
    ...['-days', String(days), '-out', certificate],
  );
  return { certificate, key };
}
