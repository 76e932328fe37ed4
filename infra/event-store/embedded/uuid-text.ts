/** `00112233-4455-…` of 32 hexadecimal digits in either case. */
export function uuidOfHex(hex: string): string {
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return text.toLowerCase();
}
