/** Every kind of layer on random shapes, dense and masked: kernels against TensorFlow.js and double precision. */
import { describe, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import { around, between, imageLayers } from '../../support/randomNetworks';
import { expectAgreement } from './agreement';

describe('gradients, losses and statistics of each kind of layer', () => {
  it.each(Object.entries(imageLayers))(
    'agree with the references: %s',
    async (name, layer) => {
      for (const seed of [1, 2]) {
        const random = new Random(seed, 'layers', name);
        const classes = between(random, 2, 6);
        await expectAgreement({
          network: around(layer, classes, random),
          classes,
          random,
          batch: between(random, 3, 20),
          test: between(random, 2, 35),
          threads: between(random, 1, 3),
          loss: 'cross-entropy',
          densities: [1, 0.5, 0.1],
        });
      }
    },
    60_000,
  );
});
