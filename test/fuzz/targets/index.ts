import type { Target } from '../target';
import { arrayTargets } from './checkpointArrays';
import { ggufTarget } from './checkpointGguf';
import { kerasTargets } from './checkpointKeras';
import { onnxTargets } from './checkpointOnnx';
import { tfjsTarget } from './checkpointTfjs';
import { torchTargets } from './checkpointTorch';
import { dataTargets } from './data';
import { experimentTarget } from './experiment';
import { idxTargets } from './idx';
import { layersModelTarget } from './layersModel';
import { hostTargets } from './messages';
import { modelTargets } from './models';
import { safetensorsTarget } from './safetensors';
import { storeTargets } from './store';

export const targets: readonly Target[] = [
  ...idxTargets,
  ...dataTargets,
  safetensorsTarget,
  layersModelTarget,
  ...modelTargets,
  experimentTarget,
  ...storeTargets,
  ...hostTargets,
  ...arrayTargets,
  ...torchTargets,
  ...onnxTargets,
  tfjsTarget,
  ggufTarget,
  ...kerasTargets,
];
