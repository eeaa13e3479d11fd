import type { Target } from '../target';
import { arrayTargets } from './checkpointArrays';
import { kerasTargets } from './checkpointKeras';
import { onnxTargets } from './checkpointOnnx';
import { torchTargets } from './checkpointTorch';
import { experimentTarget } from './experiment';
import { idxTargets } from './idx';
import { layersModelTarget } from './layersModel';
import { hostTargets } from './messages';
import { safetensorsTarget } from './safetensors';
import { storeTargets } from './store';

export const targets: readonly Target[] = [
  ...idxTargets,
  safetensorsTarget,
  layersModelTarget,
  experimentTarget,
  ...storeTargets,
  ...hostTargets,
  ...arrayTargets,
  ...torchTargets,
  ...onnxTargets,
  ...kerasTargets,
];
