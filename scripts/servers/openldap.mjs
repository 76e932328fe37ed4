#!/usr/bin/env node
/**
 * OpenLDAP for tests: memberOf, referential integrity, password policy, paging, StartTLS and LDAPS, on loopback. Needs
 * the programs slapd, slapadd, ldapwhoami and openssl (Debian: slapd, ldap-utils, openssl) and no other privilege.
 *
 *   node scripts/servers/openldap.mjs                    stays until SIGTERM or SIGINT
 *   node scripts/servers/openldap.mjs npx vitest run …   runs the command and ends with its exit status
 *
 * The command finds MUNIMENT_LDAP_URL, MUNIMENT_LDAPS_URL, MUNIMENT_LDAP_BASE, MUNIMENT_LDAP_BIND_DN,
 * MUNIMENT_LDAP_BIND_PASSWORD (made up anew at each start) and MUNIMENT_LDAP_CA_FILE. Data lies in a temporary folder,
 * removed at the end.
 *
 *   MUNIMENT_LDAP_DATA  a folder to use instead and to keep: a later start goes on with its data
 *   MUNIMENT_LDAP_PORT  the port to listen on; default: a free one
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, run, serve } from './served.mjs';

const BASE = 'dc=example,dc=org';
const ADMINISTRATOR = `cn=admin,${BASE}`;
const SECRET_BYTES = 18;
const SCHEMAS = ['core', 'cosine', 'inetorgperson', 'nis'];
const MODULES = ['back_mdb', 'memberof', 'refint', 'ppolicy', 'syncprov'];
const CERTIFICATE_DAYS = '30';

// Debian keeps the server's programs out of the path of ordinary users.
process.env.PATH = `${process.env.PATH}:/usr/sbin`;

const settings = (folder, password) => `${SCHEMAS.map((name) => `include /etc/ldap/schema/${name}.schema`).join('\n')}
modulepath /usr/lib/ldap
${MODULES.map((name) => `moduleload ${name}`).join('\n')}
pidfile ${folder}/slapd.pid
argsfile ${folder}/slapd.args
TLSCertificateFile ${folder}/tls.crt
TLSCertificateKeyFile ${folder}/tls.key
sizelimit size.soft=500 size.hard=unlimited size.pr=1000
database mdb
maxsize 1073741824
suffix "${BASE}"
rootdn "${ADMINISTRATOR}"
rootpw ${password}
directory ${folder}/db
index objectClass,entryCSN,entryUUID eq
index uid,mail,cn,sn eq,sub
index member eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by users read by anonymous auth
overlay memberof
overlay refint
refint_attributes member memberOf
overlay ppolicy
overlay syncprov
`;

const seed = `dn: ${BASE}
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: ou=people,${BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${BASE}
objectClass: organizationalUnit
ou: groups
`;

function prepare(folder, password) {
  const config = join(folder, 'slapd.conf');
  writeFileSync(config, settings(folder, password), { mode: 0o600 });
  if (existsSync(join(folder, 'db', 'data.mdb'))) return config;
  mkdirSync(join(folder, 'db'), { recursive: true });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'tls.key')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const certificate = ['-x509', '-days', CERTIFICATE_DAYS, '-out', join(folder, 'tls.crt')];
  run('openssl', ['req', ...key, ...subject, ...certificate]);
  const ldif = join(folder, 'seed.ldif');
  writeFileSync(ldif, seed);
  run('slapadd', ['-q', '-f', config, '-l', ldif]);
  return config;
}

const answers = (url, password) =>
  spawnSync('ldapwhoami', ['-x', '-H', url, '-D', ADMINISTRATOR, '-w', password]).status === 0;

await serve({
  name: 'openldap',
  data: process.env.MUNIMENT_LDAP_DATA,
  async start(folder, launch) {
    const password = randomBytes(SECRET_BYTES).toString('base64url');
    const config = prepare(folder, password);
    const url = `ldap://127.0.0.1:${process.env.MUNIMENT_LDAP_PORT ?? (await freePort())}`;
    const secureUrl = `ldaps://127.0.0.1:${await freePort()}`;
    return {
      // With a debug level it stays in the foreground; 0 says nothing.
      server: launch('slapd', ['-d', '0', '-f', config, '-h', `${url}/ ${secureUrl}/`]),
      address: url,
      environment: {
        MUNIMENT_LDAP_URL: url,
        MUNIMENT_LDAPS_URL: secureUrl,
        MUNIMENT_LDAP_BASE: BASE,
        MUNIMENT_LDAP_BIND_DN: ADMINISTRATOR,
        MUNIMENT_LDAP_BIND_PASSWORD: password,
        MUNIMENT_LDAP_CA_FILE: join(folder, 'tls.crt'),
      },
      isReady: () => answers(url, password),
    };
  },
});
