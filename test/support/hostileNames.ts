/** Names that a file, a message or a store may tell, and that lead elsewhere than they seem to: one table for all boundaries. */

/** What it is, and the name. Refused wherever a path is made of what somebody else has named. */
export const hostileNames: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['the folder itself', '.'],
  ['the folder itself, as a path', './'],
  ['the folder above', '..'],
  ['a file above', '../secret'],
  ['a file above, by a way inside', 'part/../../secret'],
  ['a file above, by Windows', '..\\secret'],
  ['a file above, by a way inside, by Windows', 'part\\..\\..\\secret'],
  ['an absolute path', '/etc/passwd'],
  ['an absolute path of Windows', '\\windows\\win.ini'],
  ['a path on a drive', 'C:\\windows\\win.ini'],
  ['a path in the folder of a drive', 'C:secret'],
  ['a share', '\\\\host\\share\\secret'],
  ['a share with slashes', '//host/share/secret'],
  ['a device path', '\\\\.\\PhysicalDrive0'],
  ['a path beyond rules', '\\\\?\\C:\\secret'],
  ['an address', 'file:///etc/passwd'],
  ['a data stream', 'part:stream'],
  ['a NUL', 'part\0.bin'],
  ['a NUL behind the way out', '../secret\0.bin'],
  ['an end of line', 'part\nsecret'],
  ['a dot at the end', 'part.'],
  ['a space at the end', 'part '],
  ['dots and a space', '.. /secret'],
  ['three dots', '.../secret'],
  ['a name that is too long', 'x'.repeat(256)],
  ['a path that is too long', 'x/'.repeat(100_000)],
];

/** Look like a way out and are none on any system: they name what is called so, inside, or nothing. */
export const lookAlikes: readonly (readonly [string, string])[] = [
  ['one dot leaders', '\u2024\u2024/secret'],
  ['a two dot leader', '\u2025/secret'],
  ['full stops of full width', '\uff0e\uff0e/secret'],
  ['a solidus of full width', '..\uff0fsecret'],
  ['a slash of division', '..\u2215secret'],
  ['a slash of fractions', '..\u2044secret'],
  ['a solidus in reverse', '..\uff3csecret'],
  ['a space without width', '..\u200b/secret'],
  ['a change of direction', '..\u202e/secret'],
  ['escapes of addresses', '%2e%2e/secret'],
  ['escapes of addresses for the slash', '..%2fsecret'],
  ['half a character', '..\ud800/secret'],
];

/** Devices on Windows: nothing that we write is called so. */
export const reservedNames: readonly (readonly [string, string])[] = [
  ['the console', 'CON'],
  ['a printer', 'prn'],
  ['nothing, of a kind', 'nul.txt'],
  ['the auxiliary port', 'Aux.v2'],
  ['a serial port', 'COM1'],
  ['a parallel port', 'lpt9.a.b'],
];
