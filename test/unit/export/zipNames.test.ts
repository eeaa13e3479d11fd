import { describe, expect, it } from 'vitest';
import { zipPieces } from '../../../src/export/zipWriter';
import { hostileNames } from '../../support/hostileNames';

const written = (name: string) => zipPieces([{ name: `${name}.npy`, pieces: [new Uint8Array(4)] }], 'ticket.npz');

describe('names of entries in an archive', () => {
  const leaving = hostileNames.filter(([what]) => /above|absolute|drive|share|device|beyond|NUL/.test(what));
  it.each(leaving.filter(([, name]) => name !== '..' && name !== 'C:secret'))(
    '%s: refused, with the file',
    (_, name) => {
      expect(() => written(name)).toThrow(
        /^ticket\.npz: ".*" would leave its folder when it is unpacked: rename that layer$/s,
      );
    },
  );

  it.each(['dense/kernel', 'block.0.conv/kernel:0', 'a..b/c', '.../x'])('%s is a name', name => {
    expect(Buffer.concat(written(name)).includes(`${name}.npy`)).toBe(true);
  });
});
