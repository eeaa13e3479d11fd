import { isRecord } from '../safetensorsHeader';

/**
 * Classes of the layers of a Keras topology by their names, models within models and layers within wrappers too.
 * @param topology `modelTopology` of a layers model, of bounded depth
 * @returns the class of the layer whose weight has that name, or undefined
 */
export function layerClasses(topology: unknown): (weight: string) => string | undefined {
  const classes = new Map<string, string>();
  collect(topology, classes);
  return weight => {
    const segments = weight.split('/').slice(0, -1);
    // names of layers may hold a slash themselves, and models that hold them come before them
    const whole = classes.get(segments.join('/'));
    if (whole !== undefined) return whole;
    return segments.reverse().flatMap(segment => classes.get(segment) ?? [])[0];
  };
}

function collect(value: unknown, classes: Map<string, string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, classes);
    return;
  }
  if (!isRecord(value)) return;
  const { class_name: name, config } = value;
  if (typeof name === 'string' && isRecord(config) && typeof config['name'] === 'string') {
    // what TimeDistributed and Bidirectional wrap says more of the kernel
    const inner = isRecord(config['layer']) ? config['layer']['class_name'] : undefined;
    if (!classes.has(config['name'])) classes.set(config['name'], typeof inner === 'string' ? inner : name);
  }
  for (const item of Object.values(value)) collect(item, classes);
}
