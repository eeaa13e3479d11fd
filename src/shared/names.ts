/**
 * What no name of a file or folder that we make begins with: Windows opens a device there, whatever follows after a dot, and
 * what is written on one system is opened on others.
 */
export const notReserved = /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))/i;
