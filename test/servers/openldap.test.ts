/** What tests of directories stand on: the OpenLDAP that `scripts/servers/openldap.mjs` starts. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const {
  MUNIMENT_LDAP_URL: url = '',
  MUNIMENT_LDAPS_URL: secureUrl = '',
  MUNIMENT_LDAP_BASE: base = '',
  MUNIMENT_LDAP_BIND_DN: administrator = '',
  MUNIMENT_LDAP_BIND_PASSWORD: password = '',
  MUNIMENT_LDAP_CA_FILE: certificate = '',
  MUNIMENT_REQUIRE_BACKENDS: required,
} = process.env;

/** Resolves to what it printed; rejects with the program's own words. */
async function ldap(program: string, { at, args, input = '' }: { at: string; args: string[]; input?: string }) {
  const running = promisify(execFile)(program, ['-x', '-H', at, '-D', administrator, '-w', password, ...args], {
    env: { ...process.env, LDAPTLS_CACERT: certificate },
  });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

if (required === '1') {
  it('has an OpenLDAP server to run against, in MUNIMENT_LDAP_URL', () => {
    expect(url).toMatch(/^ldap:\/\//);
  });
}

describe.runIf(url !== '')('the OpenLDAP server for tests', () => {
  it('is reached by StartTLS and by LDAPS with its own certificate, and with no other', async () => {
    const args = ['-b', base, '-s', 'base', '-LLL', 'dn'];
    expect(await ldap('ldapsearch', { at: url, args: ['-ZZ', ...args] })).toContain(`dn: ${base}`);
    expect(await ldap('ldapsearch', { at: secureUrl, args })).toContain(`dn: ${base}`);
    const foreign = ldap('ldapsearch', { at: secureUrl, args: ['-o', 'tls_cacert=/etc/hostname', ...args] });
    await expect(foreign).rejects.toThrow();
  });

  it('keeps memberOf beside the members of a group, and both right after a removal', async () => {
    const person = `uid=ada,ou=people,${base}`;
    const group = `cn=readers,ou=groups,${base}`;
    const entries = [
      `dn: ${person}\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\nsn: Byron\n`,
      `dn: ${group}\nobjectClass: groupOfNames\ncn: readers\nmember: ${person}\nmember: ${administrator}\n`,
    ];
    await ldap('ldapadd', { at: url, args: [], input: entries.join('\n') });
    const asked = { at: url, args: ['-b', person, '-LLL', 'memberOf'] };
    expect(await ldap('ldapsearch', asked)).toContain(`memberOf: ${group}`);
    await ldap('ldapdelete', { at: url, args: [person] });
    const members = () => ldap('ldapsearch', { at: url, args: ['-b', group, '-LLL', 'member'] });
    await expect.poll(members).not.toContain(person);
    await ldap('ldapdelete', { at: url, args: [group] });
  });
});
