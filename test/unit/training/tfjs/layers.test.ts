/** Every kind of layer on random shapes, dense and masked: TensorFlow.js' operations against the references. */
import { describe, it } from 'vitest';
import { Random } from '../../../../src/shared/random';
import { around, between, imageLayers } from '../../../support/randomNetworks';
import { createTfExecutor } from '../../../../src/training/tfjs/executor';
import { backends } from '../../../support/tfjs';
import { expectAgreement, smallTrial } from '../agreement';

describe.each(backends)('gradients, losses and statistics of each kind of layer on $name', backend => {
  it.each(Object.entries(imageLayers))(
    'agree with the references: %s',
    async (name, layer) => {
      const random = new Random('tfjs', name);
      const classes = between(random, 2, 6);
      await expectAgreement({
        ...smallTrial(around(layer, classes, random), classes, random),
        densities: [1, 0.1],
        create: data => Promise.resolve(createTfExecutor(data, backend)),
      });
    },
    60_000,
  );
});
