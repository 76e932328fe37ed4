/** Attributes of `urn:scim:wso2:schema`: the account's state, one-shot triggers and further particulars. */
import { type AttributeDefinition, attribute, complex, flag, text } from './attribute-definition.ts';

const state = { kept: 'state' } as const;
const server = { kept: 'state', mutability: 'readOnly' } as const;
/** Belongs to a feature that counts, enrols or shares: no client may set it. */
const owned = { kept: 'withheld', mutability: 'readOnly' } as const;
const onRequest = { ...owned, returned: 'request', search: 'none' } as const;
/** Of the several-addresses feature: writing to it is passed over while that is off. */
const severalAddresses = { kept: 'withheld', multiValued: true } as const;

const trigger = (name: string, description: string): AttributeDefinition =>
  flag(name, description, { kept: 'trigger', mutability: 'writeOnly', returned: 'never', search: 'none' });

const count = (name: string, description: string): AttributeDefinition =>
  attribute(name, 'integer', description, owned);

export const accountAttributes: readonly AttributeDefinition[] = [
  trigger('askPassword', 'Invite the user to set a password.'),
  trigger('verifyEmail', 'Have the e-mail address verified.'),
  trigger('verifyMobile', 'Have the mobile number verified.'),
  trigger('forcePasswordReset', 'Have the password set anew.'),
  trigger('tenantAdminAskPassword', 'Invite the administrator of an organization to set a password.'),
  flag('accountLocked', 'Locked out until unlocked.', { ...state, displayName: 'Account Locked' }),
  flag('accountDisabled', 'Disabled until enabled.', { ...state, displayName: 'Account Disabled' }),
  text('accountState', 'State of the account.', { ...server, caseExact: true, displayName: 'Account State' }),
  text('lockedReason', 'Why the account is locked.', { ...server, caseExact: true, displayName: 'Locked Reason' }),
  text('lastPasswordUpdateTime', 'When the password was last set, epoch milliseconds.', server),
  flag('emailVerified', 'The primary e-mail address is verified.', { displayName: 'Email Verified' }),
  flag('phoneVerified', 'The mobile number is verified.', { displayName: 'Phone Verified' }),
  flag('isLiteUser', 'Registered with an address alone.'),
  flag('emailOTPDisabled', 'No one-time codes by e-mail.'),
  flag('smsOTPDisabled', 'No one-time codes by SMS.'),
  text('preferredChannel', 'Where messages go.', { canonicalValues: ['EMAIL', 'SMS'], exclusive: true }),
  text('dateOfBirth', 'Date of birth.', { format: 'date', displayName: 'Birth Date' }),
  text('country', 'Country.', { displayName: 'Country' }),
  text('userSourceId', 'Where the account comes from.'),
  text('preferredMFAOption', 'Preferred second factor.'),
  text('enabledAuthenticators', 'Factors that the user has chosen.'),
  text('emailAddresses', 'E-mail addresses.', {
    multiValued: true,
    search: 'contains',
    displayName: 'Email Addresses',
  }),
  text('mobileNumbers', 'Mobile numbers.', { multiValued: true, displayName: 'Mobile Numbers' }),
  text('verifiedEmailAddresses', 'E-mail addresses that are verified.', severalAddresses),
  text('verifiedMobileNumbers', 'Mobile numbers that are verified.', severalAddresses),
  complex(
    'pendingEmails',
    'E-mail addresses waiting to be verified.',
    [text('value', 'The address.', { search: 'none' })],
    {
      ...owned,
      multiValued: true,
    },
  ),
  text('pendingMobileNumber', 'Mobile number waiting to be verified.', owned),
  text('unlockTime', 'When the lock ends by itself, epoch milliseconds; 0 is never.', server),
  text('lastLoginTime', 'Last sign-in, epoch milliseconds.', owned),
  text('lastLogonTime', 'Last sign-in, epoch milliseconds.', owned),
  text('managedOrg', 'The organization that manages the account.', { ...owned, caseExact: true }),
  text('sharedType', 'How the account is shared.', owned),
  flag('totpEnabled', 'One-time codes of an app are enrolled.', owned),
  flag('backupCodeEnabled', 'Backup codes are made.', owned),
  count('failedLoginAttempts', 'Failed sign-ins since the last good one.'),
  count('failedTOTPAttempts', 'Wrong codes of an app since the last good one.'),
  count('failedEmailOtpAttempts', 'Wrong codes by e-mail since the last good one.'),
  count('failedSmsOtpAttempts', 'Wrong codes by SMS since the last good one.'),
  count('failedRecoveryAttempts', 'Failed recoveries since the last good one.'),
  attribute('failedLoginLockoutCount', 'integer', 'Locks by failed sign-ins in a row.', server),
  text('isReadOnlyUser', 'The account is kept elsewhere and cannot be changed here.', onRequest),
  text('oneTimePassword', 'Code of an offline reset.', onRequest),
  text('passwordExpiryTime', 'When the password expires.', onRequest),
];
