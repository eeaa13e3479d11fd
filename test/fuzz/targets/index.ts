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
import { resumeTarget } from './resume';
import { safetensorsTarget } from './safetensors';
import { requestTargets } from './requests';
import { storeTargets } from './store';
import { storeFileTargets } from './storeFiles';
import { storeTextTargets } from './storeTexts';

export const targets: readonly Target[] = [
  ...idxTargets,
  ...dataTargets,
  safetensorsTarget,
  layersModelTarget,
  ...modelTargets,
  experimentTarget,
  ...storeTargets,
  ...storeFileTargets,
  resumeTarget,
  ...storeTextTargets,
  ...hostTargets,
  ...requestTargets,
  ...arrayTargets,
  ...torchTargets,
  ...onnxTargets,
  tfjsTarget,
  ggufTarget,
  ...kerasTargets,
];
