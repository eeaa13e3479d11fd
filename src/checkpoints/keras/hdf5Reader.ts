/** HDF5 files of any layout: Keras' .h5 and .weights.h5, and any other with datasets. */
import type { FormatReader } from '../checkpoint';
import { openHdf5 } from './hdf5Checkpoint';
import { hdf5Signature, superblockPlaces } from './hdf5Header';
import { storedHdf5 } from './hdf5Source';

/** A user's own block before the HDF5 file is seldom there, and small. */
const furthestPlace = 2 ** 20;

export const hdf5Reader: FormatReader = {
  name: 'Keras and HDF5 (.h5, .weights.h5, .hdf5)',
  async recognises(head, source) {
    for (const place of superblockPlaces(source.size)) {
      if (place > furthestPlace) return false;
      const end = place + hdf5Signature.length;
      const bytes = end <= head.length ? head.subarray(place, end) : await source.read(place, hdf5Signature.length);
      if (hdf5Signature.every((byte, i) => bytes[i] === byte)) return true;
    }
    return false;
  },
  async open(source) {
    const hdf5 = await storedHdf5({ source, offset: 0, length: source.size });
    return openHdf5(hdf5, { source, layers: null, metadata: [], notes: [], format: null });
  },
};
