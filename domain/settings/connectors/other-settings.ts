/** Verification of changed addresses, and who controls the data. */
import { type Connector, codeSettings, flag, minutes } from '../setting.ts';

const category = 'Other Settings';

export const otherSettings: readonly Connector[] = [
  {
    name: 'user-claim-update',
    friendlyName: 'User Claim Update',
    category,
    settings: [
      flag('UserClaimUpdate.Email.EnableVerification', false, 'Verify a changed e-mail address'),
      minutes('UserClaimUpdate.Email.VerificationCode.ExpiryTime', 1440, 'Minutes that a link is good for'),
      flag('UserClaimUpdate.Email.EnableNotification', false, 'Message to the former address'),
      ...codeSettings('UserClaimUpdate.OTP'),
      flag('UserClaimUpdate.MobileNumber.EnableVerification', false, 'Verify a changed mobile number'),
      minutes('UserClaimUpdate.MobileNumber.VerificationCode.ExpiryTime', 5, 'Minutes that an SMS code is good for'),
      flag(
        'UserClaimUpdate.MobileNumber.EnableVerificationByPrivilegedUser',
        false,
        'Verify a mobile number that an administrator changed',
      ),
    ],
  },
  { name: 'pii-controller', friendlyName: 'PII Controller', category, settings: [] },
];
